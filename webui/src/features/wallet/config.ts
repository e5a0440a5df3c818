import { type Config, createConfig, createStorage } from "wagmi";
import { reconnect, watchConnectors } from "wagmi/actions";
import { chainOf, transportOf } from "@/features/chain/client";
import type { NetworkConfig } from "@/lib/runtime";

/** Wallets are found by EIP-6963 alone: each announces itself, none is asked for by name. */
export function walletConfig(network: NetworkConfig): Config {
  const config = createConfig({
    chains: [chainOf(network)],
    transports: { [network.chainId]: transportOf(network) },
    multiInjectedProviderDiscovery: true,
    storage: createStorage({ key: `minerva.${network.chainId}`, storage: localStorage }),
  });
  reconnectLate(config);
  return config;
}

/** The wallet that was connected when the page was left is connected again, however late it announces itself. */
function reconnectLate(config: Config): void {
  const unwatch = watchConnectors(config, {
    onChange: async (connectors, former) => {
      const last = await config.storage?.getItem("recentConnectorId");
      const connector = connectors.find(({ id }) => id === last);
      if (connector === undefined || former.includes(connector)) return;
      unwatch();
      if (config.state.status !== "connected") await reconnect(config, { connectors: [connector] });
    },
  });
}
