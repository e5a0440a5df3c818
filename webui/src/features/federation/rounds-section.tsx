import { useMemo } from "react";
import type { Address } from "viem";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import { href } from "@/hooks/use-route";
import { formatNumber } from "@/lib/format";
import { DROP_WORDS, phaseWords } from "@/lib/phases";
import type { Round } from "./records";
import { acceptedOf, refusedOf, reportedLoss } from "./selectors";

const columnsOf = (address: Address): readonly Column<Round>[] => [
  { name: "Round", cell: (round) => formatNumber(round.number), right: true },
  { name: "State", cell: (round) => <RoundState round={round} address={address} /> },
  { name: "Miners", cell: (round) => round.snapshot.length, right: true },
  { name: "Updates", cell: (round) => formatNumber(round.updates.length), right: true },
  { name: "Accepted", cell: (round) => formatNumber(acceptedOf(round).length), right: true },
  { name: "Refused", cell: (round) => formatNumber(refusedOf(round).length), right: true },
  { name: "Reported loss", cell: (round) => formatNumber(reportedLoss(round) ?? Number.NaN, 4), right: true },
  { name: "Candidates", cell: (round) => <Candidates round={round} /> },
  { name: "Opened", cell: (round) => <Time value={round.opened.time} /> },
];

/** All rounds, the newest first. */
export function RoundsSection({ rounds, address }: { rounds: readonly Round[]; address: Address }) {
  const newestFirst = useMemo(() => rounds.toReversed(), [rounds]);
  const columns = useMemo(() => columnsOf(address), [address]);
  return (
    <Card title="Rounds" aside={<span className="text-sm">losses are as the devices report them</span>}>
      <DataTable
        caption="Rounds, the newest first"
        columns={columns}
        rows={newestFirst}
        rowKey={(round) => round.number}
        empty="No round has opened yet"
        page={10}
      />
    </Card>
  );
}

function RoundState({ round, address }: { round: Round; address: Address }) {
  if (round.block !== null) {
    return (
      <a className="link" href={href("block", address, round.block.number)}>
        block {formatNumber(round.block.number)}
      </a>
    );
  }
  if (round.skippedIn !== null) return <Badge tone="warn">skipped in {phaseWords(round.skippedIn)}</Badge>;
  return <Badge tone="busy">{phaseWords(round.phase)}</Badge>;
}

function Candidates({ round }: { round: Round }) {
  const dropped = round.candidates.filter((candidate) => candidate.dropped !== null);
  if (dropped.length === 0) return round.candidates.length;
  const reasons = dropped.map(({ dropped: why }) => DROP_WORDS[why ?? -1] ?? "dropped").join("; ");
  return `${round.candidates.length}, of which dropped: ${reasons}`;
}
