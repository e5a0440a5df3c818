import type { Hex } from "viem";
import type { Round } from "./records";

/** The byte that a ballot has for the update at a position, in hex; empty where it has none. */
export function verdictAt(verdicts: Hex, position: number): string {
  const at = 2 + 2 * position;
  return verdicts.slice(at, at + 2);
}

/** What each voter said of the update at a position, by its index. */
export function verdictsOn(
  round: Pick<Round, "ballots">,
  position: number,
): { index: number; verdict: number }[] {
  return [...round.ballots]
    .map(([index, verdicts]) => ({ index, verdict: Number.parseInt(verdictAt(verdicts, position), 16) }))
    .filter(({ verdict }) => !Number.isNaN(verdict))
    .sort((a, b) => a.index - b.index);
}
