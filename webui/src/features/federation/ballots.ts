import type { Round } from "./records";

/** What each voter said of the update at a position, by its index. */
export function verdictsOn(
  round: Pick<Round, "ballots">,
  position: number,
): { index: number; verdict: number }[] {
  const at = 2 + 2 * position;
  return [...round.ballots]
    .map(([index, verdicts]) => ({ index, verdict: Number.parseInt(verdicts.slice(at, at + 2), 16) }))
    .filter(({ verdict }) => !Number.isNaN(verdict))
    .sort((a, b) => a.index - b.index);
}
