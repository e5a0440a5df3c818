import type { Address } from "viem";
import { useRuntime } from "@/features/chain/context";
import { useContent } from "@/features/content/use-content";
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

/** The last accuracy of the figures that this page's server remembers; null where there are none of this federation. */
export function usePublishedAccuracy(federation: Address): Measurement | null {
  const { results, chainId } = useRuntime().network;
  const { data } = useResults(parseCid(results[federation] ?? ""));
  if (!data || data.chainId !== chainId || data.federation !== federation) return null;
  return last("accuracy", data.rounds);
}

/** The figures behind a CID; `data` is null when the document is none. */
export function useResults(cid: Cid | null) {
  return useContent("results", cid, LIMITS, readResults);
}
