// From the logs of an RPC to the protocol's events.
import { type Address, decodeEventLog, getAddress, type Hex, toEventSelector } from "viem";
import { EVENT_ABI, type ProtocolEvent } from "@/generated/events";

/** An event and where it is on the chain. */
export type ChainEvent = ProtocolEvent & {
  address: Address;
  block: number;
  index: number;
  tx: Hex;
  /** Of its block, in seconds since 1970. */
  time: number;
};

/** A log as eth_getLogs answers it. */
export interface RpcLog {
  address: Address;
  topics: readonly Hex[];
  data: Hex;
  blockHash: Hex;
  blockNumber: Hex;
  blockTimestamp?: Hex;
  logIndex: Hex;
  transactionHash: Hex;
}

const BY_TOPIC = new Map(EVENT_ABI.map((event) => [toEventSelector(event), event]));

/** Read one log; null when it is no event of the protocol. `time` is taken where the log does not carry its own. */
export function decodeLog(log: RpcLog, time: number): ChainEvent | null {
  const [topic, ...rest] = log.topics;
  const event = topic === undefined ? undefined : BY_TOPIC.get(topic);
  if (topic === undefined || event === undefined) return null;
  try {
    const { args } = decodeEventLog({ abi: [event], data: log.data, topics: [topic, ...rest] });
    return {
      name: event.name,
      args: args ?? {},
      address: getAddress(log.address),
      block: Number(log.blockNumber),
      index: Number(log.logIndex),
      tx: log.transactionHash,
      time: log.blockTimestamp === undefined ? time : Number(log.blockTimestamp),
    } as ChainEvent;
  } catch {
    return null; // another contract's event of the same name, in another form
  }
}

/** The order in which the protocol takes events (B1). */
export function inOrder(a: ChainEvent, b: ChainEvent): number {
  return a.block - b.block || a.index - b.index;
}
