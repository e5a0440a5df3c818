import { useEffect, useId, useRef } from "react";
import { Address } from "@/components/address";
import { ErrorNote } from "@/components/error-note";
import { Identicon } from "@/components/identicon";
import { useRuntime } from "@/features/chain/context";
import { shorten } from "@/lib/format";
import { useWallet, type Wallet } from "./use-wallet";

/** Connects a wallet, tells which account it is, and has it switch to the page's network. */
export function ConnectButton() {
  const wallet = useWallet();
  const { network } = useRuntime();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const { status } = wallet;
  useEffect(() => {
    if (status === "ready") dialog.current?.close();
  }, [status]);
  return (
    <>
      {status === "wrong-network" && (
        <button
          type="button"
          className="btn btn-warning btn-sm"
          disabled={wallet.switching}
          onClick={wallet.switchNetwork}
        >
          {wallet.switching ? "Look into the wallet…" : `Switch to ${network.name}`}
        </button>
      )}
      <button type="button" className="btn btn-primary btn-sm" onClick={() => dialog.current?.showModal()}>
        <Label wallet={wallet} />
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={title}>
        <div className="modal-box text-base-content">
          <h2 id={title} className="mb-3 font-semibold text-lg">
            {wallet.account === null ? "Connect a wallet" : "Your wallet"}
          </h2>
          {wallet.account === null ? <Choices wallet={wallet} /> : <Connected wallet={wallet} />}
          {wallet.problem !== null && (
            <div className="mt-3">
              <ErrorNote problem={wallet.problem} />
            </div>
          )}
          <form method="dialog" className="modal-action">
            <button type="submit" className="btn btn-sm">
              Close
            </button>
          </form>
        </div>
      </dialog>
    </>
  );
}

function Label({ wallet }: { wallet: Wallet }) {
  if (wallet.account !== null) {
    return (
      <>
        <Identicon address={wallet.account} size={16} />
        <span className="font-mono">{shorten(wallet.account)}</span>
      </>
    );
  }
  return wallet.status === "connecting" ? "Look into the wallet…" : "Connect a wallet";
}

function Choices({ wallet }: { wallet: Wallet }) {
  if (wallet.choices.length === 0) {
    return (
      <p>
        This browser has no wallet that announces itself (EIP-6963), such as MetaMask. Without one everything
        can be read, and nothing be sent.
      </p>
    );
  }
  return (
    <ul className="space-y-2">
      {wallet.choices.map((choice) => (
        <li key={choice.id}>
          <button
            type="button"
            className="btn w-full justify-start"
            disabled={wallet.status === "connecting"}
            onClick={choice.connect}
          >
            {choice.icon !== null && <img src={choice.icon} alt="" width={24} height={24} />}
            <bdi>{choice.name}</bdi>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Connected({ wallet }: { wallet: Wallet }) {
  return (
    <div className="space-y-3">
      {wallet.account !== null && <Address value={wallet.account} full />}
      <p className="text-sm">
        By <bdi>{wallet.walletName ?? "a wallet"}</bdi>, on chain {wallet.chainId ?? "unknown"}.
      </p>
      <button type="button" className="btn btn-sm" onClick={wallet.disconnect}>
        Disconnect
      </button>
    </div>
  );
}
