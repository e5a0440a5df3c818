// From a transaction's hash to what became of it.
import type { Address, Hex, TransactionReceipt } from "viem";
import type { ChainClient } from "@/features/chain/client";
import { isUnreachable } from "@/features/chain/unreachable";
import { explain, type Problem } from "@/lib/errors";
import type { Call } from "./call";

/** `hash` is that of the transaction in the block, which the wallet may have sent in the first one's place. */
export type Outcome =
  | { kind: "confirmed"; hash: Hex; receipt: TransactionReceipt }
  | { kind: "cancelled"; hash: Hex }
  | { kind: "failed"; hash: Hex; problem: Problem };

const MINED_MS = 180_000;
const AGAIN_MS = 1_000;

/** Wait until a transaction is in a block. An RPC that does not answer for a while is asked on. */
export async function follow(
  client: ChainClient,
  account: Address,
  call: Call,
  sent: Hex,
  within = MINED_MS,
): Promise<Outcome> {
  const [receipt, reason] = await receiptOf(client, sent, Date.now() + within);
  const hash = receipt.transactionHash;
  if (reason === "cancelled") return { kind: "cancelled", hash };
  if (reason === "replaced") return { kind: "failed", hash, problem: REPLACED };
  if (receipt.status === "success") return { kind: "confirmed", hash, receipt };
  return { kind: "failed", hash, problem: await whyReverted(client, account, call, receipt) };
}

type Replacement = "repriced" | "cancelled" | "replaced" | null;

async function receiptOf(
  client: ChainClient,
  hash: Hex,
  until: number,
): Promise<readonly [TransactionReceipt, Replacement]> {
  let reason: Replacement = null;
  for (;;) {
    try {
      const receipt = await client.waitForTransactionReceipt({
        hash,
        timeout: Math.max(1, until - Date.now()),
        onReplaced: (replacement) => {
          reason = replacement.reason;
        },
      });
      return [receipt, reason];
    } catch (error) {
      if (!isUnreachable(error) || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/**
 * A receipt does not say why: the call is made again on the state before its block, and on that after it, since what
 * made it fail may have come earlier in the same block.
 */
async function whyReverted(
  client: ChainClient,
  account: Address,
  { to, data, value }: Call,
  { blockNumber }: TransactionReceipt,
): Promise<Problem> {
  for (const block of [blockNumber - 1n, blockNumber]) {
    try {
      await client.call({ account, to, data, value, blockNumber: block });
    } catch (error) {
      return explain(error);
    }
  }
  return UNEXPLAINED;
}

const UNEXPLAINED: Problem = {
  title: "The transaction was refused",
  cure: "Others were faster, or its gas ran out: try again.",
  name: null,
  values: [],
};

const REPLACED: Problem = {
  title: "The wallet sent another transaction in its place",
  cure: "Look at the wallet's activity; to do this all the same, send it again.",
  name: null,
  values: [],
};
