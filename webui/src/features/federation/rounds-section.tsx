import { useMemo } from "react";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Time } from "@/components/time";
import { formatNumber } from "@/lib/format";
import { DROP_WORDS, phaseWords } from "@/lib/phases";
import type { Round } from "./records";
import { acceptedOf, refusedOf, reportedLoss } from "./selectors";

const COLUMNS: readonly Column<Round>[] = [
  { name: "Round", cell: (round) => formatNumber(round.number), right: true },
  { name: "State", cell: (round) => <RoundState round={round} /> },
  { name: "Miners", cell: (round) => round.snapshot.length, right: true },
  { name: "Updates", cell: (round) => formatNumber(round.updates.length), right: true },
  { name: "Accepted", cell: (round) => formatNumber(acceptedOf(round).length), right: true },
  { name: "Refused", cell: (round) => formatNumber(refusedOf(round).length), right: true },
  { name: "Reported loss", cell: (round) => reportedLoss(round)?.toFixed(4) ?? "–", right: true },
  { name: "Candidates", cell: (round) => <Candidates round={round} /> },
  { name: "Opened", cell: (round) => <Time value={round.opened.time} /> },
];

/** All rounds, the newest first. */
export function RoundsSection({ rounds }: { rounds: readonly Round[] }) {
  const newestFirst = useMemo(() => rounds.toReversed(), [rounds]);
  return (
    <Card title="Rounds" aside={<span className="text-sm">losses are as the devices report them</span>}>
      <DataTable
        caption="Rounds, the newest first"
        columns={COLUMNS}
        rows={newestFirst}
        rowKey={(round) => round.number}
        empty="No round has opened yet"
        page={10}
      />
    </Card>
  );
}

function RoundState({ round }: { round: Round }) {
  if (round.block !== null) return <Badge tone="good">block {formatNumber(round.block.number)}</Badge>;
  if (round.skippedIn !== null) return <Badge tone="warn">skipped in {phaseWords(round.skippedIn)}</Badge>;
  return <Badge tone="busy">{phaseWords(round.phase)}</Badge>;
}

function Candidates({ round }: { round: Round }) {
  const dropped = round.candidates.filter((candidate) => candidate.dropped !== null);
  if (dropped.length === 0) return round.candidates.length;
  const reasons = dropped.map(({ dropped: why }) => DROP_WORDS[why ?? -1] ?? "dropped").join("; ");
  return `${round.candidates.length}, of which dropped: ${reasons}`;
}
