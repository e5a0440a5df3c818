import { useQueries } from "@tanstack/react-query";
import { useChainStatus, useRuntime, useSession } from "@/features/chain/context";
import { fetchContent } from "@/features/content/gateway";
import { readManifest } from "@/features/content/manifest";
import { LISTED_LIMITS } from "@/features/content/use-content";
import type { FederationEntry } from "@/features/federation/fold-factory";
import { federationAbi } from "@/generated/abi";
import { cidText } from "@/lib/cid";

/** What search and filter know of a federation; status, title and task come after the entry. */
export interface Summary {
  entry: FederationEntry;
  status: number | null;
  title: string;
  task: string;
}

/** So many federations are asked about at once, the newest first. */
export const REACH = 200;
/** Cards ask with each block, those that are only searched not so often. */
const STATUS_MS = 30_000;

/** All federations, with what the first `reach` of them say of themselves. */
export function useSummaries(entries: readonly FederationEntry[], reach: number): readonly Summary[] {
  const { client } = useSession();
  const { generation } = useChainStatus();
  const { gateway } = useRuntime().network;
  const asked = entries.slice(0, reach);
  const states = useQueries({
    queries: asked.map(({ address }) => ({
      queryKey: ["summary", generation, address],
      staleTime: STATUS_MS,
      refetchInterval: STATUS_MS,
      queryFn: () => client.readContract({ address, abi: federationAbi, functionName: "state" as const }),
    })),
  });
  const manifests = useQueries({
    queries: asked.map(({ manifest }) => ({
      queryKey: ["content", gateway, "manifest", cidText(manifest)],
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 600_000,
      retry: 1,
      queryFn: async ({ signal }: { signal: AbortSignal }) =>
        readManifest(await fetchContent(gateway, manifest, LISTED_LIMITS, signal)),
    })),
  });
  return entries.map((entry, at) => ({
    entry,
    status: states[at]?.data?.status ?? null,
    title: manifests[at]?.data?.title ?? "",
    task: manifests[at]?.data?.task ?? "",
  }));
}
