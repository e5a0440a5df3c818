import { useCallback, useState } from "react";
import { toast } from "sonner";
import type { Hex, TypedDataDefinition } from "viem";
import { useConfig } from "wagmi";
import { signTypedData } from "wagmi/actions";
import { explain, isRefusal, type Problem } from "@/lib/errors";
import { useWallet } from "./use-wallet";

/** A signature costs nothing and changes nothing; what the user declined in the wallet is idle again. */
export type SignatureState =
  | { status: "idle" }
  | { status: "signing" }
  | { status: "signed"; signature: Hex }
  | { status: "failed"; problem: Problem };

/** Has the wallet sign typed data (EIP-712). */
export function useSignature() {
  const { account, status: wallet } = useWallet();
  const config = useConfig();
  const [state, setState] = useState<SignatureState>({ status: "idle" });
  const sign = useCallback(
    async (data: TypedDataDefinition) => {
      if (account === null || wallet !== "ready") return;
      setState({ status: "signing" });
      try {
        setState({ status: "signed", signature: await signTypedData(config, { account, ...data }) });
      } catch (error) {
        if (!isRefusal(error)) return setState({ status: "failed", problem: explain(error) });
        setState({ status: "idle" });
        toast.info("Declined in the wallet: nothing was signed");
      }
    },
    [account, wallet, config],
  );
  return { state, sign, ready: wallet === "ready" && state.status !== "signing" };
}
