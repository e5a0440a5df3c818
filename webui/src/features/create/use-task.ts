import { useMemo } from "react";
import { MANIFEST_LIMITS, useContent } from "@/features/content/use-content";
import { parseCid } from "@/lib/cid";
import { type Draft, numberOf, textOf } from "./draft";
import { type Genesis, mismatch, readGenesis, readTask, type Task } from "./task";

/** A page holds no more than this at once. */
const MOST_MODEL_BYTES = 1 << 29;

/** What lies behind the draft's two CIDs: fetched, checked by them, and read. Each is what it says, or a text that says why not. */
export interface Contents {
  task: Task | string | null;
  genesis: Genesis | string | null;
  /** Why the two do not belong together. */
  mismatch: string | null;
  reading: boolean;
}

export function useTask(draft: Draft): Contents {
  const manifest = parseCid(textOf(draft, "manifest").trim());
  const model = parseCid(textOf(draft, "model").trim());
  const bytes = numberOf(draft, "maxModelBytes");
  const most = Number.isNaN(bytes) ? MOST_MODEL_BYTES : Math.min(Math.max(bytes, 1 << 20), MOST_MODEL_BYTES);
  const first = useContent<Task | string>("task", manifest, MANIFEST_LIMITS, readTask);
  const second = useContent<Genesis | string>(
    "genesis",
    model,
    { maxBytes: most, timeoutMs: 120_000 },
    readGenesis,
  );
  const task = first.error?.message ?? first.data ?? null;
  const genesis = second.error?.message ?? second.data ?? null;
  const apart = useMemo(() => {
    const both = task !== null && genesis !== null && typeof task !== "string" && typeof genesis !== "string";
    return both ? mismatch(task, genesis) : null;
  }, [task, genesis]);
  const reading = first.isFetching || second.isFetching;
  return useMemo(() => ({ task, genesis, mismatch: apart, reading }), [task, genesis, apart, reading]);
}
