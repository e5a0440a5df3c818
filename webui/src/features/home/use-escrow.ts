import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useChainStatus, useSession } from "@/features/chain/context";
import { type Currency, readRewards } from "@/features/federation/use-federation-state";
import { federationAbi, rewardVaultAbi } from "@/generated/abi";

/** The money of a federation that pays. */
export interface Escrow {
  funded: bigint;
  required: bigint;
  granted: bigint;
  currency: Currency;
}

/** A federation's escrow; null where there is none, undefined until it is read. */
export function useEscrow(address: Address): Escrow | null | undefined {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const { data: rewards } = useQuery({
    queryKey: ["rewards", generation, address],
    enabled: head !== null,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () =>
      readRewards(
        client,
        await client.readContract({ address, abi: federationAbi, functionName: "rewardVault" }),
      ),
  });
  const vault = rewards?.vault;
  const { data: sums } = useQuery({
    queryKey: ["escrow", generation, address, head?.hash],
    enabled: vault !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: async () => {
      if (vault === undefined) throw new Error("no vault");
      const contract = { address: vault, abi: rewardVaultAbi } as const;
      const [funded, granted] = await Promise.all([
        client.readContract({ ...contract, functionName: "funded" }),
        client.readContract({ ...contract, functionName: "granted" }),
      ]);
      return { funded, granted };
    },
  });
  if (rewards === null) return null;
  if (rewards === undefined || sums === undefined) return undefined;
  return { ...sums, required: rewards.required, currency: rewards.currency };
}
