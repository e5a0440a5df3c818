// From a federation's events, one after the other, to its record. Objects that are told of are never changed afterwards.
import type { Address, Hex } from "viem";
import type { ChainEvent } from "@/features/chain/events";
import type { Fold } from "@/features/chain/feed";
import { applyConsensus } from "./fold-consensus";
import { applyMembership } from "./fold-members";
import { applyMoney } from "./fold-money";
import { applyRound } from "./fold-rounds";
import type {
  Block,
  Claim,
  ConsensusChange,
  Device,
  Federation,
  Miner,
  Moment,
  Money,
  Round,
} from "./records";

/** A map whose copies are made only when something changed since the last; an entry that is in one is never changed. */
export class Table<K, V extends object> {
  private shared: Map<K, V> | null = null;
  private readonly live = new Map<K, V>();
  /** Entries that are in no copy yet. */
  private readonly own = new Set<K>();

  get(key: K): V | undefined {
    return this.live.get(key);
  }

  set(key: K, value: V): void {
    this.live.set(key, value);
    this.own.add(key);
    this.shared = null;
  }

  /** Give an entry other fields; nothing where there is none. */
  update(key: K, change: (value: V) => Partial<V>): void {
    const value = this.live.get(key);
    if (value === undefined) return;
    if (this.own.has(key)) Object.assign(value, change(value));
    else this.set(key, { ...value, ...change(value) });
  }

  values(): IterableIterator<V> {
    return this.live.values();
  }

  snapshot(): ReadonlyMap<K, V> {
    this.shared ??= new Map(this.live);
    this.own.clear();
    return this.shared;
  }
}

/** What the parts of the fold work on. */
export interface Work {
  readonly rounds: Table<number, Round>;
  readonly blocks: Block[];
  readonly miners: Table<Address, Miner>;
  readonly devices: Table<Address, Device>;
  /** The contract that has an index now. */
  readonly places: Map<number, Address>;
  /** The consensus module that decides now. */
  module: Address | null;
  /** Of the proof of work, while that module decides. */
  difficulty: bigint | null;
  /** The module whose voters do not judge their own updates (K9). */
  readonly committee: Address | null;
  /** What accounts have at stake: they deposit before they join. */
  readonly bonded: Map<Address, bigint>;
  /** A new object with each change, a claim among them. */
  money: Omit<Money, "claims">;
  readonly claims: Claim[];
}

export class FederationFold implements Fold<Federation> {
  private readonly work: Work;
  private readonly roles = new Map<Hex, readonly Address[]>();
  private changes: readonly ConsensusChange[] = [];
  private flags = { closing: false, closed: null as Moment | null, paused: false };
  private readonly proofOfWork: Address | null;
  private events = 0;
  /** The money as it was told of last. */
  private told: { of: Work["money"]; money: Money } | null = null;

  /** @param modules The network's consensus modules by their names. */
  constructor(
    private readonly address: Address,
    modules: Readonly<Record<string, Address>> = {},
  ) {
    this.proofOfWork = modules.pow ?? null;
    this.work = {
      rounds: new Table(),
      blocks: [],
      miners: new Table(),
      devices: new Table(),
      places: new Map(),
      bonded: new Map(),
      module: null,
      difficulty: null,
      committee: modules.committee ?? null,
      money: { funded: 0n, granted: 0n, claimed: 0n, returned: 0n, slashed: 0n, closesAt: null },
      claims: [],
    };
  }

  apply(event: ChainEvent): void {
    this.events += 1;
    applyMembership(this.work, event);
    applyRound(this.work, event);
    applyMoney(this.work, event);
    applyConsensus(this.work, event, this.proofOfWork);
    this.applyGovernance(event);
  }

  snapshot(): Federation {
    const { rounds, blocks, miners, devices, money, claims, module } = this.work;
    if (this.told?.of !== money) this.told = { of: money, money: { ...money, claims: [...claims] } };
    return {
      address: this.address,
      rounds: [...rounds.snapshot().values()],
      blocks: [...blocks],
      miners: miners.snapshot(),
      devices: devices.snapshot(),
      money: this.told.money,
      module,
      ...this.flags,
      roles: new Map(this.roles),
      consensusChanges: this.changes,
      events: this.events,
    };
  }

  private applyGovernance(event: ChainEvent): void {
    switch (event.name) {
      case "FederationPaused":
        this.flags = { ...this.flags, paused: true };
        break;
      case "FederationUnpaused":
        this.flags = { ...this.flags, paused: false };
        break;
      case "FederationClosing":
        this.flags = { ...this.flags, closing: true };
        break;
      case "FederationClosed":
        this.flags = { ...this.flags, closed: momentOf(event) };
        break;
      case "RoleGranted":
        this.roles.set(event.args.role, [...(this.roles.get(event.args.role) ?? []), event.args.account]);
        break;
      case "RoleRevoked":
        this.roles.set(
          event.args.role,
          (this.roles.get(event.args.role) ?? []).filter((a) => a !== event.args.account),
        );
        break;
      case "ConsensusChangeAnnounced":
        this.note("announced", event.args.module, event.args.fromRound, event);
        break;
      case "ConsensusChanged":
        this.note("changed", event.args.module, event.args.round, event);
        break;
      case "ConsensusChangeFailed":
        this.note("failed", event.args.module, event.args.round, event);
        break;
    }
  }

  private note(kind: ConsensusChange["kind"], module: Address, round: number, event: ChainEvent): void {
    this.changes = [...this.changes, { kind, module, round, at: momentOf(event) }];
  }
}

export function momentOf(event: ChainEvent): Moment {
  return { block: event.block, tx: event.tx, time: event.time };
}
