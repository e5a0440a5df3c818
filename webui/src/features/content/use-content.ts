import { useQuery } from "@tanstack/react-query";
import { useRuntime } from "@/features/chain/context";
import { type Cid, cidText } from "@/lib/cid";
import { fetchContent, type Limits } from "./gateway";
import { type Manifest, readManifest } from "./manifest";

export const MANIFEST_LIMITS: Limits = { maxBytes: 16 << 20, timeoutMs: 30_000 };
/** Of those that are only listed, many at once: a federation's own page reads longer ones. */
export const LISTED_LIMITS: Limits = { maxBytes: 256 << 10, timeoutMs: 8_000 };

/** The checked bytes behind a CID, read by `parse`; what is checked once is not fetched again. */
export function useContent<T>(kind: string, cid: Cid | null, limits: Limits, parse: (data: Uint8Array) => T) {
  const { gateway } = useRuntime().network;
  return useQuery({
    queryKey: ["content", gateway, kind, cid === null ? "" : cidText(cid)],
    enabled: cid !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 600_000,
    retry: 1,
    queryFn: async ({ signal }) => {
      if (cid === null) throw new Error("no CID");
      return parse(await fetchContent(gateway, cid, limits, signal));
    },
  });
}

/** The task manifest behind a CID; `data` is null when the document is none. */
export function useManifest(cid: Cid | null, limits = MANIFEST_LIMITS) {
  return useContent<Manifest | null>("manifest", cid, limits, readManifest);
}
