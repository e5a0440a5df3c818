// From the logs of an RPC to the protocol's events.
import { type Address, type Hex, toEventSelector } from "viem";
import { EVENT_ABI, type ProtocolEvent } from "@/generated/events";
import { checksummed, decoderOf } from "./words";

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

interface Shape {
  name: string;
  /** Names of the arguments that are topics, and what reads each. */
  topics: readonly (readonly [string, ReturnType<typeof decoderOf>])[];
  /** Names of the arguments in the data. */
  names: readonly string[];
  data: ReturnType<typeof decoderOf>;
}

/** By first topic. viem's decodeEventLog hashes the event's signature for every log, which is most of its time. */
const SHAPES = new Map<Hex, Shape>(
  EVENT_ABI.map((event) => {
    const plain = event.inputs.filter((input) => !input.indexed);
    return [
      toEventSelector(event),
      {
        name: event.name,
        topics: event.inputs
          .filter((input) => input.indexed)
          .map((input) => [input.name ?? "", decoderOf([input])]),
        names: plain.map(({ name }) => name ?? ""),
        data: decoderOf(plain),
      },
    ];
  }),
);

/** Read one log; null when it is no event of the protocol. `time` is taken where the log does not carry its own. */
export function decodeLog(log: RpcLog, time: number): ChainEvent | null {
  const [topic, ...rest] = log.topics;
  const shape = topic === undefined ? undefined : SHAPES.get(topic);
  if (shape === undefined || rest.length !== shape.topics.length) return null;
  try {
    return {
      name: shape.name,
      args: argumentsOf(shape, rest, log.data),
      address: checksummed(log.address),
      block: Number(log.blockNumber),
      index: Number(log.logIndex),
      tx: log.transactionHash,
      time: log.blockTimestamp === undefined ? time : Number(log.blockTimestamp),
    } as ChainEvent;
  } catch {
    return null; // another contract's event of the same name, in another form
  }
}

function argumentsOf(shape: Shape, topics: readonly Hex[], data: Hex): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  shape.topics.forEach(([name, decode], at) => {
    args[name] = decode(topics[at] ?? "0x")[0];
  });
  shape.data(data).forEach((value, at) => {
    args[shape.names[at] ?? ""] = value;
  });
  return args;
}

/** The order in which the protocol takes events (B1). */
export function inOrder(a: ChainEvent, b: ChainEvent): number {
  return a.block - b.block || a.index - b.index;
}
