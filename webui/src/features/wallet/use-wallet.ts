import { useEffect } from "react";
import type { Address } from "viem";
import {
  useConnect,
  useConnection,
  useConnections,
  useConnectors,
  useDisconnect,
  useSwitchChain,
} from "wagmi";
import { useRuntime } from "@/features/chain/context";
import { explain, isRefusal, type Problem } from "@/lib/errors";
import { cleanText } from "@/lib/text";

/** None: no account. Wrong: connected, on another chain than the page's. */
export type WalletStatus = "none" | "wrong-network" | "ready";

export interface Wallet {
  status: WalletStatus;
  account: Address | null;
  walletName: string | null;
  /** The chain that the wallet is on. */
  chainId: number | null;
}

export interface WalletChoice {
  id: string;
  name: string;
  /** A data: URL; other kinds are left out. */
  icon: string | null;
  /** It was asked for its accounts, and did not answer yet. */
  asked: boolean;
  connect: () => void;
}

export interface WalletActions {
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
  const account = connection.address ?? null;
  return {
    status: statusOf(connection.status, account, connection.chainId === network.chainId),
    account,
    walletName: connection.connector === undefined ? null : nameOf(connection.connector),
    chainId: connection.chainId ?? null,
  };
}

/** What can be asked of wallets, and how that went. */
export function useWalletActions(): WalletActions {
  const { network } = useRuntime();
  const { address, chainId } = useConnection();
  const connections = useConnections();
  const connectors = useConnectors();
  const connect = useConnect();
  const disconnect = useDisconnect();
  const change = useSwitchChain();
  const { reset: forgetConnect } = connect;
  const { reset: forgetChange } = change;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what failed for another account or chain is over
  useEffect(() => {
    forgetConnect();
    forgetChange();
  }, [address, chainId, forgetConnect, forgetChange]);
  const failure = connect.error ?? change.error;
  const asked = connect.isPending ? connect.variables.connector : null;
  return {
    choices: connectors.map((connector) => ({
      id: connector.uid,
      name: nameOf(connector),
      icon: connector.icon?.startsWith("data:image/") ? connector.icon : null,
      asked: connector === asked,
      connect: () => connect.mutate({ connector }),
    })),
    problem: failure === null || isRefusal(failure) ? null : explain(failure),
    switchNetwork: () => change.mutate({ chainId: network.chainId }),
    switching: change.isPending,
    disconnect: () => {
      // Of several connected wallets none must take the other one's place.
      for (const { connector } of connections) disconnect.mutate({ connector });
    },
  };
}

export function statusOf(
  status: "connected" | "connecting" | "disconnected" | "reconnecting",
  account: Address | null,
  right: boolean,
): WalletStatus {
  if (status !== "connected" || account === null) return "none";
  return right ? "ready" : "wrong-network";
}

function nameOf({ name }: { name: string }): string {
  return cleanText(name, 40) || "A wallet without a name";
}
