import { createConfig, createStorage } from "wagmi";
import { chainOf, transportOf } from "@/features/chain/client";
import type { NetworkConfig } from "@/lib/runtime";

/** Wallets are found by EIP-6963 alone: each announces itself, none is asked for by name. */
export function walletConfig(network: NetworkConfig) {
  return createConfig({
    chains: [chainOf(network)],
    transports: { [network.chainId]: transportOf(network) },
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ key: `minerva.${network.chainId}`, storage: localStorage }),
  });
}
