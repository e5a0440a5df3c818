import type { TransactionReceipt } from "viem";
import { Amount } from "@/components/amount";
import { ErrorNote } from "@/components/error-note";
import { Hash } from "@/components/hash";
import { useRuntime } from "@/features/chain/context";
import { formatNumber } from "@/lib/format";
import type { Call } from "./call";
import { Fee } from "./fee";
import { type Estimate, useCost } from "./use-cost";
import type { Wallet } from "./use-wallet";
import { useWallet } from "./use-wallet";
import { useWrite, type WriteState } from "./use-write";

interface Props {
  /** Null while what is to be sent is not complete. */
  call: Call | null;
  /** What the button says while there is no call. */
  label: string;
  onConfirmed?: (receipt: TransactionReceipt) => void;
}

/** Sends one call: its cost before it is signed, and after that where it is. */
export function WriteButton({ call, label, onConfirmed }: Props) {
  const { network } = useRuntime();
  const wallet = useWallet();
  const estimate = useCost(call);
  const { state, write, busy } = useWrite(onConfirmed);
  const ready = wallet.status === "ready" && call !== null && !busy;
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center gap-3">
        <button
          type="button"
          className="btn btn-primary"
          disabled={!ready}
          onClick={() => call !== null && void write(call)}
        >
          {busy && <span className="loading loading-spinner loading-xs" aria-hidden="true" />}
          {call?.label ?? label}
        </button>
        <p className="min-h-6 text-sm">
          {wallet.status === "ready" ? costWords(call, estimate) : whyNot(wallet, network.name)}
        </p>
      </div>
      <div role="status" aria-live="polite" className="text-sm">
        <Progress state={state} />
      </div>
      {state.status === "failed" && <ErrorNote problem={state.problem} />}
      {state.status === "idle" && estimate?.problem && <ErrorNote problem={estimate.problem} />}
    </div>
  );
}

function Progress({ state }: { state: WriteState }) {
  switch (state.status) {
    case "estimating":
      return <p>Asking what it costs now.</p>;
    case "signing":
      return <p>Look into your wallet: it asks for your signature.</p>;
    case "pending":
      return (
        <p>
          Sent: waiting for a block. <Hash value={state.hash} what="transaction hash" />
        </p>
      );
    case "confirmed":
      return (
        <p>
          Done, in block {formatNumber(state.receipt.blockNumber)}.{" "}
          <Hash value={state.hash} what="transaction hash" />
        </p>
      );
    case "cancelled":
      return (
        <p>
          Cancelled in the wallet: it was not done. <Hash value={state.hash} what="transaction hash" />
        </p>
      );
    case "failed":
      return (
        state.hash !== null && (
          <p>
            Not done. <Hash value={state.hash} what="transaction hash" />
          </p>
        )
      );
    default:
      return null;
  }
}

function costWords(call: Call | null, estimate: Estimate | null) {
  if (call === null || estimate === null || estimate.cost === null) return null;
  return (
    <>
      Costs <Fee cost={estimate.cost} />
      {call.value > 0n && (
        <>
          , and sends <Amount value={call.value} />
        </>
      )}
      .
    </>
  );
}

function whyNot(wallet: Wallet, network: string): string {
  if (wallet.status === "wrong-network")
    return `The wallet is on another network: switch it to ${network} above.`;
  return "Connect a wallet above to send this.";
}
