import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useChainStatus, useSession } from "@/features/chain/context";

/** Blocks over which the mean is taken. */
const SPAN = 10;

/** Seconds from block to block, as mean over the last few; null while it is not known. */
export function useBlockTime(): number | null {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const span = Math.min(SPAN, head?.number ?? 0);
  const { data } = useQuery({
    queryKey: ["block-time", generation, head?.hash],
    enabled: head !== null && span > 0,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: async () => {
      if (head === null) return null;
      const { timestamp } = await client.getBlock({ blockNumber: BigInt(head.number - span) });
      return (head.time - Number(timestamp)) / span;
    },
  });
  return data ?? null;
}
