// What a federation's events amount to. Times are seconds since 1970, losses have six decimals (R1).
import type { Address, Hex } from "viem";
import type { Drop, Offence, Phase } from "@/generated/enums";
import type { EventArgs } from "@/generated/events";
import type { Cid } from "@/lib/cid";
import type { Outcome } from "@/lib/verdicts";

export type Header = EventArgs["BlockProposed"]["header"];

/** Where and when something was told. */
export interface Moment {
  block: number;
  tx: Hex;
  time: number;
}

export interface Federation {
  address: Address;
  rounds: readonly Round[];
  /** Appended blocks, by number from 1. */
  blocks: readonly Block[];
  /** By address of their contracts, those that left included. */
  miners: ReadonlyMap<Address, Miner>;
  devices: ReadonlyMap<Address, Device>;
  money: Money;
  /** The consensus module that decides now. */
  module: Address | null;
  closing: boolean;
  closed: Moment | null;
  paused: boolean;
  /** Roles by their hashes: who has them. */
  roles: ReadonlyMap<Hex, readonly Address[]>;
  consensusChanges: readonly ConsensusChange[];
  /** How many events there were. */
  events: number;
}

export type RoundOutcome = "running" | "finalized" | "skipped";

export interface Round {
  number: number;
  opened: Moment;
  deadline: number;
  phase: Phase;
  outcome: RoundOutcome;
  /** Miner indices that take part, and who they were. */
  snapshot: readonly number[];
  miners: ReadonlyMap<number, Address>;
  voters: readonly number[];
  weights: ReadonlyMap<number, number>;
  extensions: number;
  updatesRoot: Hex | null;
  ballotsRoot: Hex | null;
  /** In update order (R3). */
  updates: readonly Update[];
  /** Verdict bytes by miner index: one for each update, in update order. */
  ballots: ReadonlyMap<number, Hex>;
  /** Miners that did not vote in time. */
  absent: readonly number[];
  candidates: readonly Candidate[];
  block: Block | null;
  /** The phase in which it was skipped. */
  skippedIn: Phase | null;
  ended: Moment | null;
}

export interface Update {
  round: number;
  device: Address;
  miner: Address;
  minerIndex: number;
  /** Its place in its miner's pool. */
  pool: number;
  cid: Cid;
  samples: number;
  epochs: number;
  computeUs: bigint;
  lossBefore: bigint;
  lossAfter: bigint;
  at: Moment;
  /** What the ballots decided; null until Verification is closed. */
  outcome: Outcome | null;
}

export interface Candidate {
  hash: Hex;
  round: number;
  /** Its proposer's index and contract. */
  index: number;
  proposer: Address;
  header: Header;
  deadline: number;
  approvals: readonly number[];
  rejections: readonly number[];
  dropped: Drop | null;
  /** The consensus module that took it. */
  module: Address | null;
  /** What its proof of work had to meet (W1); null under other modules. */
  difficulty: bigint | null;
  at: Moment;
}

export interface Block extends Candidate {
  number: number;
  accepted: number;
  refused: number;
  finalized: Moment;
}

export type MinerStatus = "member" | "dormant" | "leaving" | "left";

export interface Miner {
  index: number;
  owner: Address;
  contract: Address;
  endpoint: string;
  status: MinerStatus;
  expelled: boolean;
  joined: Moment;
  votes: number;
  absences: number;
  proposed: number;
  mined: number;
  devices: number;
  /** What its word weighs, where the consensus module tells; null: every voter weighs one. */
  weight: number | null;
  bonded: bigint;
  slashes: readonly Slash[];
}

export interface Slash {
  round: number;
  offence: Offence;
  amount: bigint;
  reporter: Address;
  at: Moment;
}

export interface Device {
  address: Address;
  /** Null when it is bound to no miner. */
  miner: Address | null;
  fromRound: number;
  datasetRoot: Hex;
  datasetSize: number;
  rateNs: bigint;
  lastSeen: number;
  submitted: number;
  accepted: number;
  refused: number;
  lastRefusal: { round: number; reason: number } | null;
}

export interface Money {
  funded: bigint;
  granted: bigint;
  claimed: bigint;
  returned: bigint;
  claims: readonly Claim[];
  slashed: bigint;
  closesAt: number | null;
}

export interface Claim {
  account: Address;
  to: Address;
  byTable: bigint;
  byAttestations: bigint;
  at: Moment;
}

export interface ConsensusChange {
  kind: "announced" | "changed" | "failed";
  module: Address;
  round: number;
  at: Moment;
}
