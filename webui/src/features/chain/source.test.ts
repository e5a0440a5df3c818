import {
  type Address,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
  numberToHex,
  zeroAddress,
} from "viem";
import { expect, test } from "vitest";
import { consensusAbi, federationAbi } from "@/generated/abi";
import type { NetworkConfig } from "@/lib/runtime";
import type { ChainClient } from "./client";
import type { RpcLog } from "./events";
import { FederationSource } from "./source";

const FEDERATION: Address = "0x1111111111111111111111111111111111111111";
const MODULE: Address = "0x2222222222222222222222222222222222222222";
const NETWORK = { consensus: {}, policies: {} } as unknown as NetworkConfig;

function log(address: Address, index: number, topics: unknown, data: Hex): RpcLog {
  const place = {
    blockHash: "0x",
    blockNumber: "0x5",
    blockTimestamp: "0x9",
    transactionHash: "0x",
  } as const;
  return { ...place, address, topics: topics as Hex[], data, logIndex: numberToHex(index) };
}

const LOGS = [
  log(
    MODULE,
    0,
    encodeEventTopics({
      abi: consensusAbi,
      eventName: "ConsensusConfigured",
      args: { federation: FEDERATION },
    }),
    encodeAbiParameters([{ type: "bytes" }], ["0x01"]),
  ),
  log(
    FEDERATION,
    1,
    encodeEventTopics({
      abi: federationAbi,
      eventName: "ConsensusChanged",
      args: { round: 2, module: MODULE },
    }),
    "0x",
  ),
];

/** Answers with the logs of the addresses that are asked for. */
const CLIENT = {
  readContract: async () => zeroAddress,
  request: async ({ params: [filter] }: { params: [{ address: Address[]; topics: (Hex | null)[] }] }) =>
    LOGS.filter(
      ({ address, topics }) =>
        filter.address.includes(address) &&
        filter.topics.every((topic, at) => (topic ?? topics[at]) === topics[at]),
    ),
} as unknown as ChainClient;

test("a module that nobody knew before tells of itself in the range in which it takes over", async () => {
  const source = new FederationSource(CLIENT, NETWORK, FEDERATION);
  const first = await source.read(0, 9, []);
  expect(first.map(({ name }) => name).sort()).toEqual(["ConsensusChanged", "ConsensusConfigured"]);
  const again = await source.read(0, 9, first);
  expect(again).toHaveLength(2);
});
