import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import type { Address, Hex, TransactionReceipt } from "viem";
import { useConfig } from "wagmi";
import { sendTransaction } from "wagmi/actions";
import type { ChainClient } from "@/features/chain/client";
import { useSession } from "@/features/chain/context";
import { explain, isRefusal, type Problem } from "@/lib/errors";
import type { Call } from "./call";
import { estimate } from "./use-cost";
import { useWallet } from "./use-wallet";

/** Every write goes through these; what the user declined in the wallet is idle again. */
export type WriteState =
  | { status: "idle" }
  | { status: "signing" }
  | { status: "pending"; hash: Hex }
  | { status: "confirmed"; hash: Hex; receipt: TransactionReceipt }
  | { status: "failed"; hash: Hex | null; problem: Problem };

const MINED_MS = 180_000;
const IDLE: WriteState = { status: "idle" };

/** Send calls, one after the other, and tell where the last one is. `onConfirmed` runs once it is in a block. */
export function useWrite(onConfirmed?: (receipt: TransactionReceipt) => void) {
  const { client, refresh } = useRefresh();
  const { account, status: wallet } = useWallet();
  const config = useConfig();
  const [state, setState] = useState<WriteState>(IDLE);
  const told = useRef(onConfirmed);
  useEffect(() => {
    told.current = onConfirmed;
  });

  const write = useCallback(
    async (call: Call): Promise<TransactionReceipt | null> => {
      if (account === null || wallet !== "ready") return null;
      let hash: Hex | null = null;
      setState({ status: "signing" });
      try {
        const gas = await gasOf(client, account, call);
        if (typeof gas !== "bigint") return fail(null, gas);
        hash = await sendTransaction(config, {
          account,
          to: call.to,
          data: call.data,
          value: call.value,
          gas,
        });
        setState({ status: "pending", hash });
        const receipt = await client.waitForTransactionReceipt({ hash, timeout: MINED_MS });
        if (receipt.status !== "success")
          return fail(hash, await whyReverted(client, account, call, receipt));
        setState({ status: "confirmed", hash, receipt });
        toast.success(`${call.label}: done`);
        await refresh();
        told.current?.(receipt);
        return receipt;
      } catch (error) {
        if (!isRefusal(error)) return fail(hash, explain(error));
        setState(IDLE);
        toast.info(`${call.label}: declined in the wallet, nothing was sent`);
        return null;
      }

      function fail(at: Hex | null, problem: Problem): null {
        setState({ status: "failed", hash: at, problem });
        toast.error(`${call.label}: ${problem.title}`);
        return null;
      }
    },
    [account, wallet, client, config, refresh],
  );
  const reset = useCallback(() => setState(IDLE), []);
  return { state, write, reset, busy: state.status === "signing" || state.status === "pending" };
}

/** With a fifth to spare: what a call needs may change until it is in a block. */
async function gasOf(client: ChainClient, account: Address, call: Call): Promise<bigint | Problem> {
  const { cost, problem } = await estimate(client, account, call);
  return cost === null ? problem : (cost.gas * 6n) / 5n;
}

/** A receipt does not say why: the call is made again on the state before its block. */
async function whyReverted(
  client: ChainClient,
  account: Address,
  call: Call,
  receipt: TransactionReceipt,
): Promise<Problem> {
  try {
    const { to, data, value } = call;
    await client.call({ account, to, data, value, blockNumber: receipt.blockNumber - 1n });
  } catch (error) {
    return explain(error);
  }
  return {
    title: "The transaction was refused",
    cure: "Others were faster, or its gas ran out: try again.",
    name: null,
    values: [],
  };
}

function useRefresh() {
  const session = useSession();
  const queries = useQueryClient();
  const refresh = useCallback(async () => {
    await session.refresh();
    await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "content" });
  }, [session, queries]);
  return { client: session.client, refresh };
}
