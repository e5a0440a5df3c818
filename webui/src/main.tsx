import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { WagmiProvider } from "wagmi";
import { App } from "./app";
import { ChainProvider } from "./features/chain/context";
import { ChainSession } from "./features/chain/session";
import { walletConfig } from "./features/wallet/config";
import { nameCoin } from "./lib/coin";
import type { Runtime } from "./lib/runtime";
import "./index.css";

/** Show the page for a network. */
export function start(runtime: Runtime): void {
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  nameCoin(runtime.network.coin);
  const session = new ChainSession(runtime.network);
  session.start();
  // A local chain answers a browser that is offline.
  const networkMode = "always";
  const queries = new QueryClient({
    defaultOptions: {
      queries: { refetchOnWindowFocus: false, retry: 1, networkMode },
      mutations: { networkMode },
    },
  });
  createRoot(root).render(
    <StrictMode>
      <WagmiProvider config={walletConfig(runtime.network)}>
        <QueryClientProvider client={queries}>
          <ChainProvider runtime={runtime} session={session}>
            <App />
          </ChainProvider>
        </QueryClientProvider>
      </WagmiProvider>
    </StrictMode>,
  );
}
