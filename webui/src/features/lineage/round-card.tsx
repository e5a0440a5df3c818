import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Facts } from "@/components/facts";
import { Hash } from "@/components/hash";
import { Time } from "@/components/time";
import type { Candidate, Round } from "@/features/federation/records";
import { formatNumber } from "@/lib/format";
import { DROP_WORDS, phaseWords } from "@/lib/phases";

const COLUMNS: readonly Column<Candidate>[] = [
  { name: "Proposer", cell: ({ index }) => `miner ${index}` },
  { name: "Hash", cell: ({ hash }) => <Hash value={hash} what="candidate's hash" /> },
  {
    name: "What became of it",
    cell: ({ dropped }) =>
      dropped === null
        ? "the block, or still attested"
        : `dropped: ${DROP_WORDS[dropped] ?? "for no known reason"}`,
  },
  { name: "For it", cell: ({ approvals }) => list(approvals) },
  { name: "Against it", cell: ({ rejections }) => list(rejections) },
  { name: "Proposed", cell: ({ at }) => <Time value={at.time} /> },
];

/** A round that was chosen in the graph: its candidates, and how it ended. */
export function RoundCard({ round }: { round: Round }) {
  return (
    <Card title={`Round ${formatNumber(round.number)}`} aside={<End round={round} />}>
      <Facts
        entries={[
          ["Opened", <Time key="o" value={round.opened.time} absolute />],
          ["Ended", <Time key="e" value={round.ended?.time ?? 0} absolute />],
          ["Miners", list(round.snapshot)],
          ["Voters that did not vote", list(round.absent)],
          ["Updates", formatNumber(round.updates.length)],
        ]}
      />
      <div className="mt-4">
        <DataTable
          caption={`Candidates of round ${round.number}`}
          columns={COLUMNS}
          rows={round.candidates}
          rowKey={({ at, hash }) => `${hash} ${at.tx}`}
          empty="Nobody proposed a block in this round"
        />
      </div>
    </Card>
  );
}

function End({ round }: { round: Round }) {
  if (round.block !== null) return <Badge tone="good">block {formatNumber(round.block.number)}</Badge>;
  if (round.skippedIn === null) return <Badge tone="busy">{phaseWords(round.phase)}</Badge>;
  return <Badge tone="warn">skipped in {phaseWords(round.skippedIn)}</Badge>;
}

function list(indices: readonly number[]): string {
  return indices.length === 0 ? "none" : `miners ${indices.join(", ")}`;
}
