import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Address, BaseError, CallExecutionError, zeroAddress } from "viem";
import type { ChainClient } from "@/features/chain/client";
import { useChainStatus, useSession } from "@/features/chain/context";
import { federationAbi, rewardVaultAbi, stakeVaultAbi, tokenAbi } from "@/generated/abi";
import { COIN } from "@/lib/coin";
import { revertData } from "@/lib/errors";

const MOST_DECIMALS = 36;

/** A currency: ether, or a token. */
export interface Currency {
  token: Address | null;
  symbol: string;
  /** Null where the token does not tell them: its sums are then told, and not written. */
  decimals: number | null;
}

/** Everything that moves in a federation, anew with each block. */
export function useFederationState(address: Address | null) {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  return useQuery({
    queryKey: ["state", generation, address, head?.hash],
    enabled: address !== null && head !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: () => readState(client, address ?? zeroAddress),
  });
}

/** What a federation was created with: it never changes. */
export function useFederationConfig(address: Address | null) {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  return useQuery({
    queryKey: ["config", generation, address],
    enabled: address !== null && head !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => readConfig(client, address ?? zeroAddress),
  });
}

export type FederationState = Awaited<ReturnType<typeof readState>>;
export type FederationConfig = Awaited<ReturnType<typeof readConfig>>;

async function readState(client: ChainClient, address: Address) {
  const contract = { address, abi: federationAbi } as const;
  const [state, due] = await Promise.all([
    client.readContract({ ...contract, functionName: "state" }),
    client.readContract({ ...contract, functionName: "due" }),
  ]);
  return { ...state, due };
}

async function readConfig(client: ChainClient, address: Address) {
  const contract = { address, abi: federationAbi } as const;
  const [config, requester, stakeVault, rewardVault, genesis] = await Promise.all([
    client.readContract({ ...contract, functionName: "config" }),
    client.readContract({ ...contract, functionName: "requester" }),
    client.readContract({ ...contract, functionName: "stakeVault" }),
    client.readContract({ ...contract, functionName: "rewardVault" }),
    client.readContract({ ...contract, functionName: "genesis" }),
  ]);
  const [stake, rewards] = await Promise.all([
    readStake(client, stakeVault),
    readRewards(client, rewardVault),
  ]);
  return { ...config, requester, genesis, stake, rewards };
}

async function readStake(client: ChainClient, address: Address) {
  if (address === zeroAddress) return null;
  const contract = { address, abi: stakeVaultAbi } as const;
  const [terms, unbondingSeconds] = await Promise.all([
    client.readContract({ ...contract, functionName: "terms" }),
    client.readContract({ ...contract, functionName: "unbondingSeconds" }),
  ]);
  return { vault: address, terms, unbondingSeconds, currency: await readCurrency(client, terms.token) };
}

/** The terms of a federation's escrow; null where it has none. */
export async function readRewards(client: ChainClient, address: Address) {
  if (address === zeroAddress) return null;
  const contract = { address, abi: rewardVaultAbi } as const;
  const [terms, required] = await Promise.all([
    client.readContract({ ...contract, functionName: "terms" }),
    client.readContract({ ...contract, functionName: "required" }),
  ]);
  return { vault: address, terms, required, currency: await readCurrency(client, terms.token) };
}

/** A token's own words; what it does not say is left out, what is too much is cut. An RPC that fails says nothing of it. */
export async function readCurrency(client: ChainClient, token: Address): Promise<Currency> {
  if (token === zeroAddress) return COIN;
  const contract = { address: token, abi: tokenAbi } as const;
  const [symbol, decimals] = await Promise.all([
    client.readContract({ ...contract, functionName: "symbol" }).catch(orElse("tokens")),
    client.readContract({ ...contract, functionName: "decimals" }).catch(orElse(null)),
  ]);
  const known = decimals !== null && decimals <= MOST_DECIMALS;
  return { token, symbol: symbol.slice(0, 12), decimals: known ? decimals : null };
}

/** `value` where it was the contract that refused or gave nothing of the kind; else the error stays one. */
function orElse<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (!(error instanceof BaseError)) throw error;
    const call = error.walk((inner) => inner instanceof CallExecutionError);
    if (call !== null && revertData(call) === null && !/revert/i.test((call as BaseError).details))
      throw error;
    return value;
  };
}
