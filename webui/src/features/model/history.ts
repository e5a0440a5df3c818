// The global models of a federation, one after the other. Pure.
import type { Federation } from "@/features/federation/records";
import { reportedLoss } from "@/features/federation/selectors";
import type { Cid } from "@/lib/cid";

export interface ModelEntry {
  /** Of the block that made it; 0 is the genesis model. */
  block: number;
  round: number;
  cid: Cid;
  /** Whether it is the former model, since no update was accepted. */
  carried: boolean;
  /** Seconds since 1970; 0 for the genesis model. */
  time: number;
  /** What the devices that trained from it next report of it on their own data; null where nobody did yet. */
  loss: number | null;
}

/** Every model from the genesis one on. */
export function modelsOf(
  { blocks, rounds }: Pick<Federation, "blocks" | "rounds">,
  genesis: Cid,
): ModelEntry[] {
  const made = [
    { block: 0, round: 0, cid: genesis, time: 0 },
    ...blocks.map(({ number, round, header, finalized }) => ({
      block: number,
      round,
      cid: header.model,
      time: finalized.time,
    })),
  ];
  let next = 0; // of the rounds, which stand in their order
  return made.map((entry, at) => {
    const until = made[at + 1]?.round ?? Number.POSITIVE_INFINITY;
    let loss: number | null = null;
    for (; (rounds[next]?.number ?? Number.POSITIVE_INFINITY) <= until && next < rounds.length; next += 1) {
      const round = rounds[next];
      if (round !== undefined && round.number > entry.round) loss ??= reportedLoss(round, "before");
    }
    return { ...entry, carried: made[at - 1]?.cid.digest === entry.cid.digest, loss };
  });
}
