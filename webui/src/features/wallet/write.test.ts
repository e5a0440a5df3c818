import {
  encodeErrorResult,
  type Hex,
  HttpRequestError,
  parseAbi,
  type ReplacementReturnType,
  type TransactionReceipt,
} from "viem";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChainClient } from "@/features/chain/client";
import { follow } from "./follow";
import { estimate, isSame } from "./use-cost";
import { statusOf } from "./use-wallet";
import { advance, stateFor, type Written } from "./use-write";

const [ALICE, BOB] = [
  "0xA000000000000000000000000000000000000001",
  "0xB000000000000000000000000000000000000002",
] as const;
const CALL = { to: BOB, data: "0x12345678", value: 0n, label: "Pause" } as const;
const [SENT, OTHER]: [Hex, Hex] = ["0x01", "0x02"];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function receipt(status: "success" | "reverted", transactionHash = SENT): TransactionReceipt {
  return { status, transactionHash, blockNumber: 8n } as TransactionReceipt;
}

/** A client whose transactions are found like this. */
function clientOf(
  wait: (options: { onReplaced?: (response: ReplacementReturnType) => void }) => Promise<TransactionReceipt>,
  call: (options: { blockNumber: bigint }) => Promise<unknown> = async () => ({}),
): ChainClient {
  return { waitForTransactionReceipt: wait, call } as unknown as ChainClient;
}

const outcome = (client: ChainClient) => follow(client, ALICE, CALL, SENT);

test("a transaction is confirmed by its receipt", async () => {
  expect(await outcome(clientOf(async () => receipt("success")))).toMatchObject({
    kind: "confirmed",
    hash: SENT,
  });
});

test.each([
  ["repriced", "confirmed"],
  ["cancelled", "cancelled"],
  ["replaced", "failed"],
] as const)(
  "one that the wallet replaced (%s) is %s, under the hash of what came in its place",
  async (reason, kind) => {
    const client = clientOf(async ({ onReplaced }) => {
      onReplaced?.({ reason } as ReplacementReturnType);
      return receipt("success", OTHER);
    });
    expect(await outcome(client)).toMatchObject({ kind, hash: OTHER });
  },
);

test("a revert is explained though what caused it came in the same block", async () => {
  const data = encodeErrorResult({
    abi: parseAbi(["error FederationMinersFull(uint8 maxMiners)"]),
    args: [1],
  });
  const asked: bigint[] = [];
  const client = clientOf(
    async () => receipt("reverted"),
    async ({ blockNumber }) => {
      asked.push(blockNumber);
      if (blockNumber === 8n) throw Object.assign(new Error("reverted"), { data });
    },
  );
  expect(await outcome(client)).toMatchObject({ kind: "failed", problem: { name: "FederationMinersFull" } });
  expect(asked).toEqual([7n, 8n]);
});

test("a transaction outlasts an RPC that does not answer for a while", async () => {
  let tries = 0;
  const client = clientOf(async () => {
    tries += 1;
    if (tries < 3) throw new HttpRequestError({ url: "http://gone" });
    return receipt("success");
  });
  const waiting = outcome(client);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await waiting).toMatchObject({ kind: "confirmed" });
});

function payer(balance: bigint): ChainClient {
  return {
    estimateGas: async () => 1_000n,
    estimateFeesPerGas: async () => ({ maxFeePerGas: 10n }),
    getBalance: async () => balance,
  } as unknown as ChainClient;
}

test("the cost is told with a fifth to spare, and whether the account can pay it with what it sends", async () => {
  const call = { ...CALL, value: 500n };
  const cost = { gas: 1_200n, fee: 12_000n };
  expect(await estimate(payer(12_500n), ALICE, call)).toEqual({ cost, problem: null });
  expect(await estimate(payer(12_499n), ALICE, call)).toMatchObject({
    cost,
    problem: { title: "The account cannot pay for this" },
  });
  expect(await estimate(payer(0n), ALICE, call, false)).toEqual({ cost, problem: null });
});

test("a write is told to its own account, and an earlier one never takes a later one's place", () => {
  const first: Written = { run: 1, account: ALICE, state: { status: "signing" } };
  const second: Written = { run: 2, account: BOB, state: { status: "pending", hash: SENT } };
  expect([stateFor(first, ALICE).status, stateFor(first, BOB).status, stateFor(first, null).status]).toEqual([
    "signing",
    "idle",
    "idle",
  ]);
  expect(advance(first, second)).toBe(second);
  expect(advance(second, { ...first, state: { status: "idle" } })).toBe(second);
});

test("a wallet is ready only with an account, and on the page's network", () => {
  expect(statusOf("connected", ALICE, true)).toBe("ready");
  expect(statusOf("connected", ALICE, false)).toBe("wrong-network");
  expect(statusOf("connected", null, true)).toBe("none");
  expect(statusOf("reconnecting", ALICE, true)).toBe("none");
});

test("a cost is kept from block to block, and never told of another account or call", () => {
  const asked = ["cost", ALICE, BOB, "0x12345678", "0"];
  expect(isSame(asked, [...asked, "0xb10c"])).toBe(true);
  for (const at of asked.keys()) expect(isSame(asked, [...asked.with(at, "another"), "0xb10c"])).toBe(false);
  expect(isSame(asked, undefined)).toBe(false);
});
