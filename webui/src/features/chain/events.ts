// From the logs of an RPC to the protocol's events.
import { type Address, decodeAbiParameters, getAddress, type Hex, toEventSelector } from "viem";
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

type Input = (typeof EVENT_ABI)[number]["inputs"][number];

interface Shape {
  name: string;
  indexed: readonly Input[];
  plain: readonly Input[];
}

/** By first topic. viem's decodeEventLog hashes the event's signature for every log, which is most of its time. */
const SHAPES = new Map<Hex, Shape>(
  EVENT_ABI.map((event) => [
    toEventSelector(event),
    {
      name: event.name,
      indexed: event.inputs.filter((input) => input.indexed),
      plain: event.inputs.filter((input) => !input.indexed),
    },
  ]),
);

/** Read one log; null when it is no event of the protocol. `time` is taken where the log does not carry its own. */
export function decodeLog(log: RpcLog, time: number): ChainEvent | null {
  const [topic, ...rest] = log.topics;
  const shape = topic === undefined ? undefined : SHAPES.get(topic);
  if (shape === undefined || rest.length !== shape.indexed.length) return null;
  try {
    return {
      name: shape.name,
      args: argumentsOf(shape, rest, log.data),
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

function argumentsOf({ indexed, plain }: Shape, topics: readonly Hex[], data: Hex): Record<string, unknown> {
  const values = plain.length === 0 ? [] : decodeAbiParameters(plain, data);
  return Object.fromEntries([
    ...indexed.map((input, at) => [input.name, decodeAbiParameters([input], topics[at] ?? "0x")[0]] as const),
    ...plain.map((input, at) => [input.name, values[at]] as const),
  ]);
}

/** The order in which the protocol takes events (B1). */
export function inOrder(a: ChainEvent, b: ChainEvent): number {
  return a.block - b.block || a.index - b.index;
}
