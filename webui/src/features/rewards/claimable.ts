// What an account may claim, as far as that is known: a claim of less than all is not taken for all of it.
import type { Address } from "viem";
import type { Position } from "@/features/membership/use-position";
import type { EarnedNow } from "./use-earned";

export interface Claimable {
  /** `reading` what there is; of all only the `attestations`, as nobody serves the table; `all` of it. */
  known: "reading" | "attestations" | "all";
  byTable: bigint;
  /** Of what is known. */
  sum: bigint;
}

/** `complete`: whether all events were read. */
export function claimableOf(
  account: Address,
  position: Pick<Position, "claimed" | "attested"> | undefined,
  { earned, lost }: Pick<EarnedNow, "earned" | "lost">,
  complete: boolean,
): Claimable {
  if (position === undefined || !complete || (earned === null && !lost))
    return { known: "reading", byTable: 0n, sum: 0n };
  const { claimed, attested } = position;
  if (earned === null) return { known: "attestations", byTable: 0n, sum: attested };
  const total = earned.get(account) ?? 0n;
  const byTable = total > claimed ? total - claimed : 0n;
  return { known: "all", byTable, sum: byTable + attested };
}

/** What the button says; the same with nothing to claim, which it does not do. */
export function claimLabel({ known, sum }: Claimable): string {
  if (known === "reading") return "What you may claim is being read";
  if (known === "attestations")
    return sum === 0n ? "What blocks brought is not known" : "Claim only what attesting brought";
  return sum === 0n ? "Nothing to claim yet" : "Claim all of it";
}
