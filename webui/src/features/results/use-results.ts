import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Address } from "viem";
import { useChainStatus, useRuntime, useSession } from "@/features/chain/context";
import { useContent } from "@/features/content/use-content";
import { federationAbi } from "@/generated/abi";
import { useRoute } from "@/hooks/use-route";
import { type Cid, parseCid } from "@/lib/cid";
import { last, type Measurement, readResults } from "./results";

const LIMITS = { maxBytes: 16 << 20, timeoutMs: 30_000 };

/** The CID of the figures to show: what the page's address names, else what its server remembers. */
export function useResultsCid(federation: Address): Cid | null {
  const { results } = useRuntime().network;
  const { query } = useRoute();
  return parseCid(query.get("results") ?? results[federation] ?? "");
}

/** The last accuracy of the figures that this page's server remembers; null where it is of no block of this federation. */
export function usePublishedAccuracy(federation: Address): Measurement | null {
  const { results, chainId } = useRuntime().network;
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const { data } = useResults(parseCid(results[federation] ?? ""));
  const own = data && data.chainId === chainId && data.federation === federation;
  const found = own ? last("accuracy", data.rounds) : null;
  const { data: block } = useQuery({
    queryKey: ["block of", generation, federation, found?.round, head?.hash],
    enabled: found !== null && head !== null,
    placeholderData: keepPreviousData,
    gcTime: 5_000,
    queryFn: () =>
      client.readContract({
        address: federation,
        abi: federationAbi,
        functionName: "blockOf",
        args: [found?.round ?? 0],
      }),
  });
  return found !== null && found.block !== null && found.block === block ? found : null;
}

/** The figures behind a CID; `data` is null when the document is none. */
export function useResults(cid: Cid | null) {
  return useContent("results", cid, LIMITS, readResults);
}
