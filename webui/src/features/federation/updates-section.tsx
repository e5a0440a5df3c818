import { Address } from "@/components/address";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { Hash } from "@/components/hash";
import { Time } from "@/components/time";
import { cidText } from "@/lib/cid";
import { formatDuration, formatLoss, formatNumber } from "@/lib/format";
import type { Round, Update } from "./records";
import { BallotWords, OutcomeWords } from "./verdict";

interface Row {
  update: Update;
  position: number;
}

/** The local updates of one round as they arrive, each with what the miners said of it. */
export function UpdatesSection({ round }: { round: Round | null }) {
  if (round === null) {
    return (
      <Card title="Updates of the round">
        <EmptyState title="No round has opened yet" />
      </Card>
    );
  }
  const rows = round.updates.map((update, position) => ({ update, position }));
  return (
    <Card title={`Updates of round ${formatNumber(round.number)}`}>
      <DataTable
        caption={`Updates of round ${round.number}`}
        columns={columns(round)}
        rows={rows}
        rowKey={({ update }) => update.device}
        empty="No device has submitted an update in this round yet"
      />
    </Card>
  );
}

function columns(round: Round): readonly Column<Row>[] {
  return [
    { name: "Device", cell: ({ update }) => <Address value={update.device} /> },
    { name: "Miner", cell: ({ update }) => update.minerIndex, right: true },
    { name: "Samples", cell: ({ update }) => formatNumber(update.samples), right: true },
    { name: "Epochs", cell: ({ update }) => formatNumber(update.epochs), right: true },
    { name: "Computed", cell: ({ update }) => formatDuration(Number(update.computeUs) / 1e6), right: true },
    {
      name: "Loss",
      cell: ({ update }) => (
        <span className="whitespace-nowrap">
          {formatLoss(update.lossBefore)} → {formatLoss(update.lossAfter)}
        </span>
      ),
      right: true,
    },
    { name: "Verdict", cell: ({ update }) => <OutcomeWords outcome={update.outcome} /> },
    { name: "Ballots", cell: ({ position }) => <BallotWords round={round} position={position} /> },
    { name: "Content", cell: ({ update }) => <Hash value={cidText(update.cid)} what="CID" /> },
    { name: "When", cell: ({ update }) => <Time value={update.at.time} /> },
  ];
}
