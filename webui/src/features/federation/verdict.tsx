import { Badge } from "@/components/badge";
import { type Outcome, reasonWords, verdictWords } from "@/lib/verdicts";
import { verdictsOn } from "./ballots";
import type { Round } from "./records";

/** What the ballots decided of an update, with the reason in words. */
export function OutcomeWords({ outcome }: { outcome: Outcome | null }) {
  if (outcome === null) return <Badge tone="busy">awaits its ballots</Badge>;
  if (!outcome.accepted) {
    return (
      <>
        <Badge tone="bad">refused</Badge> {reasonWords(outcome.reason)}
      </>
    );
  }
  return (
    <>
      <Badge tone="good">accepted</Badge>
      {outcome.quality <= 190 && ` quality ${outcome.quality} of 190`}
    </>
  );
}

/** What each miner said of the update at a position. */
export function BallotWords({ round, position }: { round: Round; position: number }) {
  const verdicts = verdictsOn(round, position);
  if (verdicts.length === 0) return <span>no ballot yet</span>;
  return (
    <details>
      <summary className="cursor-pointer">
        {verdicts.length} of {round.voters.length}
      </summary>
      <ul>
        {verdicts.map(({ index, verdict }) => (
          <li key={index}>
            miner {index}: {verdictWords(verdict)}
          </li>
        ))}
      </ul>
    </details>
  );
}
