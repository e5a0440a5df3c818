import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef } from "react";
import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { ErrorNote } from "@/components/error-note";
import { Identicon } from "@/components/identicon";
import { useChainStatus, useRuntime, useSession } from "@/features/chain/context";
import { shorten } from "@/lib/format";
import { useWallet, useWalletActions, type Wallet, type WalletActions } from "./use-wallet";

/** Connects a wallet, tells which account it is, and has it switch to the page's network. */
export function ConnectButton() {
  const wallet = useWallet();
  const actions = useWalletActions();
  const { network } = useRuntime();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const { account } = wallet;
  const failed = actions.problem !== null;
  const asked = actions.choices.some((choice) => choice.asked);
  useEffect(() => {
    if (account !== null) dialog.current?.close();
  }, [account]);
  useEffect(() => {
    if (failed && !dialog.current?.open) dialog.current?.showModal();
  }, [failed]);
  return (
    <>
      {wallet.status === "wrong-network" && (
        <button
          type="button"
          className="btn btn-warning btn-sm"
          disabled={actions.switching}
          onClick={actions.switchNetwork}
        >
          {actions.switching ? "Look into the wallet…" : `Switch to ${network.name}`}
        </button>
      )}
      <button type="button" className="btn btn-primary btn-sm" onClick={() => dialog.current?.showModal()}>
        <Label account={account} asked={asked} />
      </button>
      <dialog ref={dialog} className="modal" aria-labelledby={title}>
        <div className="modal-box text-base-content">
          <h2 id={title} className="mb-3 font-semibold text-lg">
            {account === null ? "Connect a wallet" : "Your wallet"}
          </h2>
          {account === null ? (
            <Choices choices={actions.choices} />
          ) : (
            <Connected wallet={wallet} disconnect={actions.disconnect} />
          )}
          <p role="status" className="mt-3 min-h-6 text-sm">
            {asked && "Look into your wallet: it asks whether this page may see your accounts."}
          </p>
          {actions.problem !== null && <ErrorNote problem={actions.problem} />}
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

function Label({ account, asked }: { account: Wallet["account"]; asked: boolean }) {
  if (account === null) return asked ? "Look into the wallet…" : "Connect a wallet";
  return (
    <>
      <Identicon address={account} size={16} />
      <span className="font-mono">{shorten(account)}</span>
    </>
  );
}

function Choices({ choices }: Pick<WalletActions, "choices">) {
  if (choices.length === 0) {
    return (
      <p>
        This browser has no wallet that announces itself (EIP-6963). Install one, such as MetaMask, and it is
        offered here at once. Without one everything can be read, and nothing be sent.
      </p>
    );
  }
  return (
    <ul className="space-y-2">
      {choices.map((choice) => (
        <li key={choice.id}>
          <button
            type="button"
            className="btn w-full justify-start"
            disabled={choice.asked}
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

function Connected({ wallet, disconnect }: { wallet: Wallet } & Pick<WalletActions, "disconnect">) {
  const { account } = wallet;
  return (
    <div className="space-y-3">
      {account !== null && <Address value={account} full />}
      <p className="text-sm">
        By <bdi>{wallet.walletName ?? "a wallet"}</bdi>, on chain {wallet.chainId ?? "unknown"}.
      </p>
      {account !== null && <Balance account={account} />}
      <button type="button" className="btn btn-sm" onClick={disconnect}>
        Disconnect
      </button>
    </div>
  );
}

/** What the account has on the page's chain, whichever the wallet is on. */
function Balance({ account }: { account: NonNullable<Wallet["account"]> }) {
  const { client } = useSession();
  const { network } = useRuntime();
  const { head, generation } = useChainStatus();
  const { data } = useQuery({
    queryKey: ["balance", account, generation, head?.hash],
    enabled: head !== null,
    placeholderData: (kept, query) => (query?.queryKey[1] === account ? kept : undefined),
    gcTime: 5_000,
    queryFn: () => client.getBalance({ address: account }),
  });
  return (
    <p className="text-sm">
      It has {data === undefined ? "…" : <Amount value={data} />} on {network.name}.
    </p>
  );
}
