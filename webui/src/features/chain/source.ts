// What a federation's events are read from: its own contract, its miners', its vaults', and the shared modules.
import { type Address, type Hex, numberToHex, pad, zeroAddress } from "viem";
import { factoryAbi, federationAbi } from "@/generated/abi";
import type { NetworkConfig } from "@/lib/runtime";
import type { ChainClient } from "./client";
import { type ChainEvent, decodeLog, type RpcLog } from "./events";
import type { EventSource } from "./follower";

type Topics = (Hex | null)[];

/** Logs and hashes from an RPC. */
abstract class RpcSource implements EventSource {
  constructor(protected readonly client: ChainClient) {}

  abstract read(from: number, to: number, known: readonly ChainEvent[]): Promise<ChainEvent[]>;

  async hashOf(block: number): Promise<Hex | null> {
    const found = await this.client.request({
      method: "eth_getBlockByNumber",
      params: [numberToHex(block), false],
    });
    return found?.hash ?? null;
  }

  protected async logs(
    address: Address[],
    from: number,
    to: number,
    topics: Topics = [],
  ): Promise<ChainEvent[]> {
    if (address.length === 0) return [];
    const filter = { address, topics, fromBlock: numberToHex(from), toBlock: numberToHex(to) };
    const logs = (await this.client.request({
      method: "eth_getLogs",
      params: [filter],
    })) as unknown as RpcLog[];
    const times = await this.times(logs);
    return logs.flatMap((log) => decodeLog(log, times.get(log.blockNumber) ?? 0) ?? []);
  }

  /** The times of blocks, from an RPC whose logs do not tell them. */
  private async times(logs: readonly RpcLog[]): Promise<Map<Hex, number>> {
    const lacking = [
      ...new Set(logs.filter((log) => log.blockTimestamp === undefined).map((log) => log.blockNumber)),
    ];
    const blocks = await Promise.all(
      lacking.map((number) =>
        this.client.request({ method: "eth_getBlockByNumber", params: [number, false] }),
      ),
    );
    return new Map(
      blocks.flatMap((block) => (block?.number ? [[block.number, Number(block.timestamp)]] : [])),
    );
  }
}

/** Which federations the factory created. */
export class FactorySource extends RpcSource {
  constructor(
    client: ChainClient,
    private readonly factory: Address,
  ) {
    super(client);
  }

  read(from: number, to: number): Promise<ChainEvent[]> {
    return this.logs([this.factory], from, to);
  }
}

export class FederationSource extends RpcSource {
  private own: Promise<Address[]> | null = null;

  constructor(
    client: ChainClient,
    private readonly network: NetworkConfig,
    private readonly federation: Address,
  ) {
    super(client);
  }

  async read(from: number, to: number, known: readonly ChainEvent[]): Promise<ChainEvent[]> {
    this.own ??= this.ownContracts();
    const own = await this.own.catch((error: unknown) => {
      this.own = null;
      throw error;
    });
    const { consensus, policies } = this.network;
    const shared = [...Object.values(consensus), ...Object.values(policies), ...modules(known)];
    const miners = minersIn(known);
    const [direct, indirect] = await Promise.all([
      this.logs([...own, ...miners], from, to),
      this.logs([...new Set(shared)], from, to, [null, pad(this.federation)]),
    ]);
    const joined = minersIn(direct).filter((miner) => !miners.includes(miner));
    const changed = modules(direct).filter((module) => !shared.includes(module));
    const late = await Promise.all([
      this.logs(joined, from, to),
      this.logs([...new Set(changed)], from, to, [null, pad(this.federation)]),
    ]);
    return [...direct, ...indirect, ...late.flat()];
  }

  /** The federation and its vaults. */
  private async ownContracts(): Promise<Address[]> {
    const read = <F extends "stakeVault" | "rewardVault">(functionName: F) =>
      this.client.readContract({ address: this.federation, abi: federationAbi, functionName });
    const vaults = await Promise.all([read("stakeVault"), read("rewardVault")]);
    return [this.federation, ...vaults.filter((vault) => vault !== zeroAddress)];
  }
}

/** Whether an address is a federation of this factory: others are never asked for events. */
export function isFederation(client: ChainClient, factory: Address, federation: Address): Promise<boolean> {
  return client.readContract({
    address: factory,
    abi: factoryAbi,
    functionName: "isFederation",
    args: [federation],
  });
}

function minersIn(events: readonly ChainEvent[]): Address[] {
  return [...new Set(events.flatMap((event) => (event.name === "MinerJoined" ? [event.args.miner] : [])))];
}

function modules(events: readonly ChainEvent[]): Address[] {
  return events.flatMap((event) => (event.name === "ConsensusChanged" ? [event.args.module] : []));
}
