// Figures that follow from a federation's record.
import { includes } from "@/lib/masks";
import type { Device, Federation, Miner, MinerStatus, Round, Update } from "./records";

export function acceptedOf(round: Round): readonly Update[] {
  return round.updates.filter((update) => update.outcome?.accepted);
}

export function refusedOf(round: Round): readonly Update[] {
  return round.updates.filter((update) => update.outcome !== null && !update.outcome.accepted);
}

/** The mean loss that a round's accepted devices report of their training, by samples; null where there is none. */
export function reportedLoss(round: Round, when: "before" | "after" = "after"): number | null {
  const accepted = acceptedOf(round);
  const samples = accepted.reduce((sum, update) => sum + update.samples, 0);
  if (samples === 0) return null;
  const lossOf = (update: Update) => Number(when === "before" ? update.lossBefore : update.lossAfter);
  const total = accepted.reduce((sum, update) => sum + lossOf(update) * update.samples, 0);
  return total / samples / 1e6;
}

/** The round that runs, or that ended last. */
export function currentRound(federation: Federation): Round | null {
  return federation.rounds.at(-1) ?? null;
}

/** How many devices may submit in the round that runs: those that are bound to a miner; none once it is all over. */
export function expectedUpdates({ devices, closed }: Pick<Federation, "devices" | "closed">): number {
  return closed === null ? [...devices.values()].filter(({ miner }) => miner !== null).length : 0;
}

/** Of `IFederationViews.state`, who has a place and who of these is not in every round. */
export interface Masks {
  members: bigint;
  dormant: bigint;
  leaving: bigint;
}

/** What a miner is now, by the contract's own word: not every miner that becomes dormant is told of by an event. */
export function standing(
  { index, status }: Pick<Miner, "index" | "status">,
  { members, dormant, leaving }: Masks,
): MinerStatus {
  // Another one may have the index of a miner that left; of one that joined just now the contract may not be asked yet.
  if (status === "left" || !includes(members, index)) return status;
  if (includes(leaving, index)) return "leaving";
  return includes(dormant, index) ? "dormant" : "member";
}

/** Whether the next round does not wait for the device, so long was it silent (M7). */
export function isSilent(device: Pick<Device, "lastSeen">, round: number, silentRounds: number): boolean {
  return round + 1 - device.lastSeen > silentRounds;
}
