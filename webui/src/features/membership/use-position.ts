import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type Address, type Hex, zeroAddress } from "viem";
import type { ChainClient } from "@/features/chain/client";
import { useChainStatus, useRuntime, useSession } from "@/features/chain/context";
import type { FederationConfig } from "@/features/federation/use-federation-state";
import { allowListPolicyAbi, rewardVaultAbi, stakeVaultAbi, tokenAbi } from "@/generated/abi";
import type { NetworkConfig } from "@/lib/runtime";

const LISTED = ["allow-list", "allow-list-and-stake"];
const STAKED = ["stake", "allow-list-and-stake"];

/** Where an account stands in a federation's vaults, anew with each block. */
export interface Position {
  bonded: bigint;
  unbonding: bigint;
  releaseAt: number;
  bounty: bigint;
  /** Of rewards: what was claimed of the tables, and what attestations brought that is not claimed. */
  claimed: bigint;
  attested: bigint;
}

const NOTHING: Position = { bonded: 0n, unbonding: 0n, releaseAt: 0, bounty: 0n, claimed: 0n, attested: 0n };

export function usePosition(config: FederationConfig, account: Address | null) {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const [stake, rewards] = [config.stake?.vault ?? null, config.rewards?.vault ?? null];
  return useQuery({
    queryKey: ["position", generation, stake, rewards, account, head?.hash],
    enabled: account !== null && head !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: () => (account === null ? NOTHING : readPosition(client, stake, rewards, account)),
  }).data;
}

async function readPosition(
  client: ChainClient,
  stake: Address | null,
  rewards: Address | null,
  account: Address,
): Promise<Position> {
  const args = [account] as const;
  const position = { ...NOTHING };
  if (stake !== null) {
    const vault = { address: stake, abi: stakeVaultAbi } as const;
    const [bonded, [unbonding, releaseAt], bounty] = await Promise.all([
      client.readContract({ ...vault, functionName: "stakeOf", args }),
      client.readContract({ ...vault, functionName: "unbondingOf", args }),
      client.readContract({ ...vault, functionName: "bountyOf", args }),
    ]);
    Object.assign(position, { bonded, unbonding, releaseAt, bounty });
  }
  if (rewards !== null) {
    const vault = { address: rewards, abi: rewardVaultAbi } as const;
    const [claimed, attested] = await client.readContract({ ...vault, functionName: "accountOf", args });
    Object.assign(position, { claimed, attested });
  }
  return position;
}

/** What an account has of a currency, and what a contract may take of it; ether needs no permission. */
export function usePurse(token: Address | null, account: Address | null, spender: Address) {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  return useQuery({
    queryKey: ["purse", generation, token, account, spender, head?.hash],
    enabled: account !== null && head !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: async () => {
      const owner = account ?? zeroAddress;
      if (token === null) return { balance: await client.getBalance({ address: owner }), allowed: null };
      const contract = { address: token, abi: tokenAbi } as const;
      const [balance, allowed] = await Promise.all([
        client.readContract({ ...contract, functionName: "balanceOf", args: [owner] }),
        client.readContract({ ...contract, functionName: "allowance", args: [owner, spender] }),
      ]);
      return { balance, allowed };
    },
  }).data;
}

/** The root of the federation's present allow-list; null where its policy keeps none. */
export function useListRoot(config: FederationConfig, federation: Address): Hex | null | undefined {
  const { network } = useRuntime();
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const listed = keepsList(config, network);
  const { data } = useQuery({
    queryKey: ["list-root", generation, federation, head?.hash],
    enabled: listed && head !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: () =>
      client.readContract({
        address: config.policy,
        abi: allowListPolicyAbi,
        functionName: "rootOf",
        args: [federation],
      }),
  });
  return listed ? data : null;
}

/** Whether the federation's policy is one of this network's that keep a list. */
export function keepsList({ policy }: Pick<FederationConfig, "policy">, network: NetworkConfig): boolean {
  return LISTED.some((name) => network.policies[name] === policy);
}

/** What the policy wants staked of whoever joins, by role (0 miner, 1 device); nothing where it wants none. */
export function policyStake(
  { policy, policyParameters }: Pick<FederationConfig, "policy" | "policyParameters">,
  network: NetworkConfig,
): readonly [bigint, bigint] {
  const wants = STAKED.some((name) => network.policies[name] === policy);
  if (!wants || policyParameters.length < 2 + 128) return [0n, 0n];
  const words = policyParameters.slice(-128);
  return [BigInt(`0x${words.slice(0, 64)}`), BigInt(`0x${words.slice(64)}`)];
}
