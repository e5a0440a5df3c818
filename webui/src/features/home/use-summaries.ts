import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useChainStatus, useRuntime, useSession } from "@/features/chain/context";
import { fetchContent } from "@/features/content/gateway";
import { readManifest } from "@/features/content/manifest";
import type { FederationEntry } from "@/features/federation/fold-factory";
import { federationAbi } from "@/generated/abi";
import { cidText } from "@/lib/cid";
import { type Escrow, useEscrows } from "./use-escrows";

/** What the list knows of a federation; state and title come after the entry. */
export interface Summary {
  entry: FederationEntry;
  state: {
    status: number;
    phase: number;
    round: number;
    devices: number;
    members: bigint;
    height: number;
  } | null;
  title: string;
  task: string;
  /** Null where the federation pays nothing, undefined until that is known. */
  escrow: Escrow | null | undefined;
}

const MANIFEST = { maxBytes: 16 << 20, timeoutMs: 30_000 };
/** So many are asked for at once; the search reaches further, by addresses. */
const MOST = 200;

/** The federations with where they stand, and what their manifests say. */
export function useSummaries(entries: readonly FederationEntry[]): readonly Summary[] {
  const { client } = useSession();
  const { head, generation } = useChainStatus();
  const { gateway } = useRuntime().network;
  const asked = entries.slice(0, MOST);
  const states = useQueries({
    queries: asked.map(({ address }) => ({
      queryKey: ["summary", generation, address, head?.hash],
      placeholderData: keepPreviousData,
      gcTime: 5_000,
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
        readManifest(await fetchContent(gateway, manifest, MANIFEST, signal)),
    })),
  });
  const escrows = useEscrows(asked);
  return entries.map((entry, at) => ({
    entry,
    state: states[at]?.data ?? null,
    title: manifests[at]?.data?.title ?? "",
    task: manifests[at]?.data?.task ?? "",
    escrow: escrows[at],
  }));
}
