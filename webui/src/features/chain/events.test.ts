import {
  decodeEventLog,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
  numberToHex,
  parseAbi,
} from "viem";
import { expect, test } from "vitest";
import { minerAbi } from "@/generated/abi";
import { decodeLog, type RpcLog } from "./events";

const DEVICE = "0x61c36a8d610163660E21a8b7359e1Cac0C9133e1";
const HASH: Hex = `0x${"11".repeat(32)}`;

function log(topics: readonly Hex[], data: Hex, changes: Partial<RpcLog> = {}): RpcLog {
  const place = {
    blockHash: HASH,
    blockNumber: numberToHex(12),
    logIndex: numberToHex(3),
    transactionHash: HASH,
  };
  return { address: DEVICE, topics, data, ...place, ...changes };
}

const TOPICS = encodeEventTopics({
  abi: minerAbi,
  eventName: "UpdateSubmitted",
  args: { round: 5, device: DEVICE },
}) as Hex[];
const DATA = encodeAbiParameters(
  ["uint16", "bytes32", "uint8", "uint32", "uint32", "uint64", "int64", "int64"].map((type) => ({ type })),
  [2, HASH, 85, 100, 1, 7n, -900_000n, 500_000n],
);

test("an event is read as viem reads it, with its place", () => {
  const [topic, ...rest] = TOPICS;
  const read = decodeLog(log(TOPICS, DATA), 1234);
  expect(read).toMatchObject({ name: "UpdateSubmitted", block: 12, index: 3, time: 1234 });
  expect(read?.args).toEqual(
    decodeEventLog({ abi: minerAbi, data: DATA, topics: [topic as Hex, ...rest] }).args,
  );
});

test("a log's own time is taken", () => {
  expect(decodeLog(log(TOPICS, DATA, { blockTimestamp: numberToHex(99) }), 1234)?.time).toBe(99);
});

test("what is no event of the protocol, or not of its form, is left out", () => {
  const abi = parseAbi(["event Transfer(address indexed from, address indexed to, uint256 value)"]);
  const other = encodeEventTopics({
    abi,
    eventName: "Transfer",
    args: { from: DEVICE, to: DEVICE },
  }) as Hex[];
  expect(decodeLog(log(other, numberToHex(1, { size: 32 })), 0)).toBeNull();
  expect(decodeLog(log(TOPICS, "0x12"), 0)).toBeNull();
  expect(decodeLog(log(TOPICS.slice(0, 2), DATA), 0)).toBeNull();
  expect(decodeLog(log([], DATA), 0)).toBeNull();
});
