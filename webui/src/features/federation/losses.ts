// The losses that a federation's devices report, round by round. Pure.
import { thin } from "@/lib/thin";
import type { Round } from "./records";
import { reportedLoss } from "./selectors";

export interface LossPoint {
  round: number;
  /** Of the global model that the round began with, on the devices' own data. */
  before: number;
  /** Of the local models after training. */
  after: number;
}

/** One point for each round whose accepted devices report a loss; at most `most`, evenly chosen, the last one included. */
export function lossSeries(rounds: readonly Round[], most = 500): readonly LossPoint[] {
  const points = rounds.flatMap((round) => {
    const [before, after] = [reportedLoss(round, "before"), reportedLoss(round, "after")];
    return before === null || after === null ? [] : [{ round: round.number, before, after }];
  });
  return thin(points, most);
}
