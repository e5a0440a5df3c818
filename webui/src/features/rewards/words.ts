// A receipt in words, as `minerva rewards receipt` says it.
import { formatNumber } from "@/lib/format";
import { plural } from "@/lib/text";
import type { BallotShare, DataShare, ProposerShare, Receipt } from "./table";

const MOST_QUALITY = 191;

/** Why it was that much, a sentence a part. `money` writes a sum. */
export function receiptLines(receipt: Receipt, money: (amount: bigint) => string): string[] {
  const lines: string[] = [];
  if (receipt.data !== null) lines.push(dataLine(receipt.data, money));
  if (receipt.proposer !== null) lines.push(proposerLine(receipt.proposer, money));
  if (receipt.ballots !== null) lines.push(ballotLine(receipt.ballots, money));
  if (receipt.attestation > 0n) lines.push(`${money(receipt.attestation)} for having attested the block.`);
  if (lines.length === 0) {
    lines.push(
      "It had no accepted update, proposed no block that became final, and neither voted nor attested.",
    );
  }
  return lines;
}

function dataLine({ amount, samples, quality, total, pool }: DataShare, money: (amount: bigint) => string) {
  const own = BigInt(samples) * BigInt(quality);
  return (
    `${money(amount)} for its update: ${formatNumber(samples)} counted samples times quality ${quality} of ${MOST_QUALITY} ` +
    `are ${formatNumber(own)} of ${formatNumber(total)} in all accepted updates together, of ${money(pool)} for all accepted data.`
  );
}

function proposerLine({ amount, counted, offered, pool }: ProposerShare, money: (amount: bigint) => string) {
  return (
    `${money(amount)} for the block that it proposed: the block holds ${formatNumber(counted)} of the ` +
    `${formatNumber(offered)} samples that were offered to the round, of ${money(pool)} for the proposer.`
  );
}

function ballotLine(share: BallotShare, money: (amount: bigint) => string) {
  return (
    `${money(share.amount)} for its ballot: ${share.agreed} of its ${plural(share.judged, "verdict")} say what the majority ` +
    `found, over ${plural(share.updates, "update")} and ${plural(share.voters, "voter")}, of ${money(share.pool)} for all ballots.`
  );
}
