import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import type { Address, Hex, TransactionReceipt } from "viem";
import { useConfig } from "wagmi";
import { sendTransaction } from "wagmi/actions";
import { useRuntime, useSession } from "@/features/chain/context";
import { explain, isRefusal, type Problem } from "@/lib/errors";
import type { Call } from "./call";
import { follow } from "./follow";
import { estimate } from "./use-cost";
import { useWallet } from "./use-wallet";

/** Every write goes through these; what the user declined in the wallet is idle again. */
export type WriteState =
  | { status: "idle" }
  /** What it costs is asked for anew. */
  | { status: "estimating" }
  | { status: "signing" }
  | { status: "pending"; hash: Hex }
  | { status: "confirmed"; hash: Hex; receipt: TransactionReceipt }
  /** The user had the wallet send nothing in its place. */
  | { status: "cancelled"; hash: Hex }
  | { status: "failed"; hash: Hex | null; problem: Problem };

/** The last write, and whose it is. */
export interface Written {
  run: number;
  account: Address | null;
  state: WriteState;
}

const BUSY: ReadonlySet<WriteState["status"]> = new Set(["estimating", "signing", "pending"]);
const IDLE: WriteState = { status: "idle" };
const NOTHING: Written = { run: 0, account: null, state: IDLE };

/** What is known after another step of a write: those of an earlier one do not count any more. */
export function advance(known: Written, next: Written): Written {
  return next.run < known.run ? known : next;
}

/** What an account is told: nothing of what another one wrote, which the wallet was connected to before. */
export function stateFor(written: Written, account: Address | null): WriteState {
  return written.account === account ? written.state : IDLE;
}

/** Send calls, one after the other, and tell where the last one is. `onConfirmed` runs once it is in a block. */
export function useWrite(onConfirmed?: (receipt: TransactionReceipt) => void) {
  const { client, refresh } = useRefresh();
  const { network } = useRuntime();
  const { account, status: wallet } = useWallet();
  const config = useConfig();
  const [written, setWritten] = useState(NOTHING);
  const runs = useRef(0);
  const told = useRef(onConfirmed);
  useEffect(() => {
    told.current = onConfirmed;
  });

  const write = useCallback(
    async (call: Call): Promise<TransactionReceipt | null> => {
      if (account === null || wallet !== "ready") return null;
      runs.current += 1;
      const run = runs.current;
      let hash: Hex | null = null;
      const { to, data, value } = call;
      let receipt: TransactionReceipt;
      tell({ status: "estimating" });
      try {
        const { cost, problem } = await estimate(client, account, call);
        if (problem !== null) return fail(problem);
        const { chainId } = network;
        tell({ status: "signing" });
        hash = await sendTransaction(config, { account, to, data, value, gas: cost?.gas, chainId });
        tell({ status: "pending", hash });
        const outcome = await follow(client, account, call, hash);
        hash = outcome.hash;
        if (outcome.kind === "failed") return fail(outcome.problem);
        if (outcome.kind === "cancelled") {
          tell({ status: "cancelled", hash });
          toast.info(`${call.label}: cancelled in the wallet`);
          return null;
        }
        receipt = outcome.receipt;
      } catch (error) {
        if (!isRefusal(error)) return fail(explain(error));
        tell(IDLE);
        toast.info(`${call.label}: declined in the wallet, nothing was sent`);
        return null;
      }
      tell({ status: "confirmed", hash, receipt });
      toast.success(`${call.label}: done`);
      // It is done whether or not the page can read what it changed: the next block shows it.
      await refresh().catch(() => undefined);
      told.current?.(receipt);
      return receipt;

      function tell(state: WriteState): void {
        setWritten((known) => advance(known, { run, account, state }));
      }

      function fail(problem: Problem): null {
        tell({ status: "failed", hash, problem });
        toast.error(`${call.label}: ${problem.title}`);
        return null;
      }
    },
    [account, wallet, client, network, config, refresh],
  );
  const state = stateFor(written, account);
  return { state, write, busy: BUSY.has(state.status) };
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
