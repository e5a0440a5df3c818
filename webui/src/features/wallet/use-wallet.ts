import type { Address } from "viem";
import { useConnect, useConnection, useConnectors, useDisconnect, useSwitchChain } from "wagmi";
import { useRuntime } from "@/features/chain/context";
import { explain, isRefusal, type Problem } from "@/lib/errors";

/** None: no account. Wrong: connected, on another chain than the page's. */
export type WalletStatus = "none" | "connecting" | "wrong-network" | "ready";

export interface WalletChoice {
  id: string;
  name: string;
  /** A data: URL; other kinds are left out. */
  icon: string | null;
  connect: () => void;
}

export interface Wallet {
  status: WalletStatus;
  account: Address | null;
  walletName: string | null;
  /** The chain that the wallet is on. */
  chainId: number | null;
  choices: readonly WalletChoice[];
  /** Why the last attempt to connect or to switch failed; the user's refusal is no failure. */
  problem: Problem | null;
  /** Have the wallet switch to the page's network, which it is told of if it does not know it. */
  switchNetwork: () => void;
  switching: boolean;
  disconnect: () => void;
}

/** The user's wallet as it is now: account and chain change while the page is open. */
export function useWallet(): Wallet {
  const { network } = useRuntime();
  const connection = useConnection();
  const connectors = useConnectors();
  const connect = useConnect();
  const disconnect = useDisconnect();
  const change = useSwitchChain();
  const account = connection.address ?? null;
  const failure = connect.error ?? change.error;
  return {
    status: statusOf(connection.status, account, connection.chainId === network.chainId, connect.isPending),
    account,
    walletName: connection.connector?.name ?? null,
    chainId: connection.chainId ?? null,
    choices: connectors.map((connector) => ({
      id: connector.uid,
      name: connector.name.slice(0, 40),
      icon: connector.icon?.startsWith("data:image/") ? connector.icon : null,
      connect: () => connect.mutate({ connector }),
    })),
    problem: failure === null || isRefusal(failure) ? null : explain(failure),
    switchNetwork: () => change.mutate({ chainId: network.chainId }),
    switching: change.isPending,
    disconnect: () => disconnect.mutate(),
  };
}

function statusOf(
  status: "connected" | "connecting" | "disconnected" | "reconnecting",
  account: Address | null,
  right: boolean,
  pending: boolean,
): WalletStatus {
  if (status === "connected" && account !== null) return right ? "ready" : "wrong-network";
  return pending || status === "connecting" ? "connecting" : "none";
}
