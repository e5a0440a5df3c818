import {
  type Chain,
  createPublicClient,
  defineChain,
  type HttpTransport,
  http,
  type PublicClient,
} from "viem";
import type { NetworkConfig } from "@/lib/runtime";

export type ChainClient = PublicClient<HttpTransport, Chain>;

const TIMEOUT_MS = 10_000;

export const LOCAL_CHAIN_ID = 31337;

/** The network as wallets and viem know it. */
export function chainOf(network: NetworkConfig): Chain {
  return defineChain({
    id: network.chainId,
    name: network.name,
    nativeCurrency: {
      name: network.coin === "ETH" ? "Ether" : network.coin,
      symbol: network.coin,
      decimals: 18,
    },
    rpcUrls: { default: { http: [network.rpc] } },
    testnet: true,
  });
}

/** How the configured RPC is spoken to: requests of one moment go together. */
export function transportOf(network: NetworkConfig): HttpTransport {
  return http(network.rpc, { batch: { wait: 0, batchSize: 100 }, timeout: TIMEOUT_MS, retryCount: 1 });
}

export function createClient(network: NetworkConfig): ChainClient {
  return createPublicClient({
    chain: chainOf(network),
    transport: transportOf(network),
    pollingInterval: 500,
  });
}
