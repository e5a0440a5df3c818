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

interface Props {
  round: Round | null;
  /** How many may come: they have their place before, so that nothing below moves. */
  expected?: number;
}

/** In rem; a verdict takes up to two lines, and has both. */
const HEAD = 2.5;
const ROW = 3.6;
const PAGE = 20;

/** The local updates of one round as they arrive, each with what the miners said of it. */
export function UpdatesSection({ round, expected = 0 }: Props) {
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
      <div
        className={rows.length === 0 ? "flex flex-col justify-center" : ""}
        style={expected === 0 ? {} : { minHeight: `${HEAD + ROW * Math.min(expected, PAGE)}rem` }}
      >
        <DataTable
          caption={`Updates of round ${round.number}`}
          columns={columns(round)}
          rows={rows}
          rowKey={({ update }) => update.device}
          page={PAGE}
          empty="No device has submitted an update in this round yet"
        />
      </div>
    </Card>
  );
}

function Verdict({ update }: { update: Update }) {
  return (
    <div className="flex min-h-10 items-center">
      <p>
        <OutcomeWords outcome={update.outcome} />
      </p>
    </div>
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
    { name: "Verdict", cell: ({ update }) => <Verdict update={update} /> },
    { name: "Ballots", cell: ({ position }) => <BallotWords round={round} position={position} /> },
    { name: "Content", cell: ({ update }) => <Hash value={cidText(update.cid)} what="CID" /> },
    { name: "When", cell: ({ update }) => <Time value={update.at.time} /> },
  ];
}
