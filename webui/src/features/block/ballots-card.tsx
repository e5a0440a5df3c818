import { useMemo } from "react";
import { Address } from "@/components/address";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { formatNumber } from "@/lib/format";
import { plural } from "@/lib/text";
import { accepts, reasonWords } from "@/lib/verdicts";
import type { BlockView } from "./block-page";

interface Row {
  index: number;
  contract: string;
  weight: number;
  verdicts: readonly number[] | null;
  /** What it said of the block. */
  attested: "proposed" | "approved" | "rejected" | "silent";
}

const COLUMNS: readonly Column<Row>[] = [
  { name: "Miner", cell: (row) => row.index, right: true },
  { name: "Contract", cell: (row) => <Address value={row.contract} /> },
  { name: "Weight", cell: (row) => formatNumber(row.weight), right: true },
  { name: "Accepts", cell: (row) => row.verdicts?.filter(accepts).length ?? "–", right: true },
  { name: "Refuses", cell: (row) => <Refusals verdicts={row.verdicts} /> },
  {
    name: "The block",
    cell: ({ attested }) => <Badge tone={TONES[attested]}>{attested}</Badge>,
  },
];
const TONES = { proposed: "good", approved: "good", rejected: "bad", silent: "neutral" } as const;

/** What each miner of the round said: of the updates, and of the block. */
export function BallotsCard({ view: { block, round } }: { view: BlockView }) {
  const rows = useMemo(
    () =>
      [...new Set([...round.ballots.keys(), ...round.absent, ...round.voters])]
        .sort((a, b) => a - b)
        .map((index): Row => {
          const verdicts = round.ballots.get(index);
          return {
            index,
            contract: round.miners.get(index) ?? "",
            weight: round.weights.get(index) ?? 0,
            verdicts: verdicts === undefined ? null : bytesOf(verdicts),
            attested:
              index === block.index
                ? "proposed"
                : block.approvals.includes(index)
                  ? "approved"
                  : block.rejections.includes(index)
                    ? "rejected"
                    : "silent",
          };
        }),
    [block, round],
  );
  return (
    <Card title="Ballots by miner">
      <DataTable
        caption={`Ballots of round ${round.number}`}
        columns={COLUMNS}
        rows={rows}
        rowKey={(row) => row.index}
        empty="No miner was to vote"
      />
    </Card>
  );
}

/** Refusals by their reasons. */
function Refusals({ verdicts }: { verdicts: readonly number[] | null }) {
  if (verdicts === null) return <Badge tone="warn">did not vote</Badge>;
  const counts = new Map<number, number>();
  for (const verdict of verdicts) if (!accepts(verdict)) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  if (counts.size === 0) return "none";
  return (
    <ul>
      {[...counts].map(([reason, count]) => (
        <li key={reason}>
          {plural(count, "update")}: {reasonWords(reason)}
        </li>
      ))}
    </ul>
  );
}

function bytesOf(verdicts: string): number[] {
  return (verdicts.slice(2).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}
