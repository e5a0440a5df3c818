import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useChainStatus, useSession } from "@/features/chain/context";
import type { FederationEntry } from "@/features/federation/fold-factory";
import { type Currency, readRewards } from "@/features/federation/use-federation-state";
import { federationAbi, rewardVaultAbi } from "@/generated/abi";

/** The money of a federation that pays. */
export interface Escrow {
  funded: bigint;
  required: bigint;
  granted: bigint;
  currency: Currency;
}

/** The escrows of federations, in their order; null where there is none, undefined until it is read. */
export function useEscrows(entries: readonly FederationEntry[]): readonly (Escrow | null | undefined)[] {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const terms = useQueries({
    queries: entries.map(({ address }) => ({
      queryKey: ["rewards", generation, address],
      enabled: head !== null,
      staleTime: Number.POSITIVE_INFINITY,
      queryFn: async () =>
        readRewards(
          client,
          await client.readContract({ address, abi: federationAbi, functionName: "rewardVault" }),
        ),
    })),
  });
  const sums = useQueries({
    queries: entries.map(({ address }, at) => {
      const vault = terms[at]?.data?.vault;
      return {
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
      };
    }),
  });
  return entries.map((_, at) => {
    const [rewards, sum] = [terms[at]?.data, sums[at]?.data];
    if (rewards === null) return null;
    if (rewards === undefined || sum === undefined) return undefined;
    return { ...sum, required: rewards.required, currency: rewards.currency };
  });
}
