import { useMemo } from "react";
import { BODY_LIMITS } from "@/features/content/body";
import type { Manifest } from "@/features/content/manifest";
import { useContent } from "@/features/content/use-content";
import type { Federation } from "@/features/federation/records";
import { type Earned, earnedByBody, earnedByRounds, earnedRoot } from "./earned";
import { DEFAULT_SAMPLE_CAP, type RewardTerms } from "./table";

export interface EarnedNow {
  /** What each account earned by the last block's table; null while nobody knows it. */
  earned: Earned | null;
  /** Nobody will: there is no table to be had. */
  lost: boolean;
  /** Whether the rounds give the last block's table. */
  confirmed: boolean;
  /** What is worth knowing of it. */
  note: string | null;
}

/** What was earned so far: derived from the rounds; where that is not what the last block says, from the block's body. */
export function useEarned(
  record: Federation,
  manifest: Manifest | null,
  terms: RewardTerms | null,
): EarnedNow {
  const header = record.blocks.at(-1)?.header ?? null;
  const cap = manifest === null ? null : sampleCapOf(manifest);
  const derived = useMemo(() => {
    if (terms === null || cap === null || header === null) return null;
    const earned = earnedByRounds(record, terms, cap);
    return earnedRoot(earned) === header.rewardsRoot ? earned : null;
  }, [record, terms, cap, header]);
  const asked = derived === null && header !== null && terms !== null ? header.body : null;
  const body = useContent<Earned | null>("earned", asked, BODY_LIMITS, earnedByBody);
  const stated = useMemo(
    () =>
      body.data != null && header !== null && earnedRoot(body.data) === header.rewardsRoot ? body.data : null,
    [body.data, header],
  );
  if (header === null) return { earned: new Map(), lost: false, confirmed: true, note: null };
  if (derived !== null) return { earned: derived, lost: false, confirmed: true, note: null };
  if (stated !== null) {
    return {
      earned: stated,
      lost: false,
      confirmed: false,
      note:
        cap === null
          ? "The manifest was not read, so the sums are those that the last block states."
          : "The last block's table is not the one that its rounds give: check it with 'minerva verify'. The block's own counts.",
    };
  }
  const why =
    body.error?.message ??
    (body.isSuccess ? "the last block's body has another table than its header" : null);
  const note = why === null ? null : `What was earned is not known: ${why}.`;
  return { earned: null, lost: why !== null, confirmed: false, note };
}

/** How many times the median a device's samples count at most. */
export function sampleCapOf({ rules }: Manifest): number {
  const value = Number(rules.find(([name]) => name === "sample_cap")?.[1]);
  return Number.isInteger(value) && value >= 1 ? value : DEFAULT_SAMPLE_CAP;
}
