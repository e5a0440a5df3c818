import { useMemo, useState } from "react";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Hash } from "@/components/hash";
import { Stat } from "@/components/stat";
import { Time } from "@/components/time";
import { FederationHeader } from "@/features/federation/federation-header";
import type { Block, Federation } from "@/features/federation/records";
import { type FederationView, WithFederation } from "@/features/federation/with-federation";
import { href } from "@/hooks/use-route";
import { formatNumber } from "@/lib/format";
import type { PageProps } from "@/routes";
import { lineageOf } from "./lineage";
import { LineageGraph } from "./lineage-graph";
import { RoundCard } from "./round-card";

/** So many rounds are drawn at once. */
const WINDOW = 40;

/** How the blocks of a federation came to be, one after the other. */
export default function ChainPage({ route }: PageProps) {
  const wanted = Number(route.query.get("round") ?? Number.NaN);
  return (
    <WithFederation address={route.parts[1] ?? ""}>
      {(view) => <Shown view={view} wanted={wanted} />}
    </WithFederation>
  );
}

function Shown({ view: { record, config }, wanted }: { view: FederationView; wanted: number }) {
  const { rounds, blocks } = record;
  const columns = useMemo(() => columnsOf(record.address), [record.address]);
  const newestFirst = useMemo(() => blocks.toReversed(), [blocks]);
  const dropped = rounds.reduce(
    (sum, round) => sum + round.candidates.filter((candidate) => candidate.dropped !== null).length,
    0,
  );
  const round = rounds.find(({ number }) => number === wanted);
  return (
    <div className="space-y-4">
      <FederationHeader address={record.address} config={config} current="chain" heading="Chain" />
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat name="Blocks" value={formatNumber(blocks.length)} />
        <Stat name="Rounds" value={formatNumber(rounds.length)} />
        <Stat
          name="Skipped rounds"
          value={formatNumber(rounds.filter(({ skippedIn }) => skippedIn !== null).length)}
        />
        <Stat name="Dropped candidates" value={formatNumber(dropped)} />
      </div>
      <Graph record={record} />
      {round !== undefined && <RoundCard round={round} />}
      <Card title="Blocks">
        <DataTable
          caption="Blocks, the newest first"
          columns={columns}
          rows={newestFirst}
          rowKey={(block) => block.number}
          empty="No block is final yet"
        />
      </Card>
    </div>
  );
}

function Graph({ record }: { record: Federation }) {
  const { rounds } = record;
  const [end, setEnd] = useState<number | null>(null); // null follows the newest round
  const last = Math.min(end ?? rounds.length, rounds.length);
  const first = Math.max(0, last - WINDOW);
  const lineage = useMemo(() => {
    const before = rounds.slice(0, first).findLast(({ block }) => block !== null) ?? null;
    return lineageOf(rounds.slice(first, last), before);
  }, [rounds, first, last]);
  return (
    <Card title="Lineage" aside={<Legend />}>
      <LineageGraph key={`${first}`} lineage={lineage} address={record.address} />
      {rounds.length > WINDOW && (
        <div className="flex flex-wrap items-center gap-2 text-sm">
          <button
            type="button"
            className="btn btn-sm"
            disabled={first === 0}
            onClick={() => setEnd(Math.max(WINDOW, first))}
          >
            Older rounds
          </button>
          <button
            type="button"
            className="btn btn-sm"
            disabled={last === rounds.length}
            onClick={() => setEnd(last + WINDOW >= rounds.length ? null : last + WINDOW)}
          >
            Newer rounds
          </button>
          <span>
            rounds {formatNumber(first + 1)} to {formatNumber(last)} of {formatNumber(rounds.length)}
          </span>
        </div>
      )}
    </Card>
  );
}

function Legend() {
  return (
    <span className="text-sm">
      solid: a block on its parent; broken: what was dropped, and rounds that appended nothing
    </span>
  );
}

function columnsOf(address: Federation["address"]): readonly Column<Block>[] {
  return [
    {
      name: "Block",
      cell: ({ number }) => (
        <a className="link" href={href("block", address, number)}>
          {formatNumber(number)}
        </a>
      ),
      right: true,
    },
    { name: "Round", cell: ({ round }) => formatNumber(round), right: true },
    { name: "Hash", cell: ({ hash }) => <Hash value={hash} what="block hash" /> },
    { name: "Parent", cell: ({ header }) => <Hash value={header.parent} what="parent's hash" /> },
    { name: "Proposer", cell: ({ index }) => `miner ${index}` },
    { name: "Accepted", cell: ({ accepted }) => formatNumber(accepted), right: true },
    { name: "Refused", cell: ({ refused }) => formatNumber(refused), right: true },
    { name: "Approvals", cell: ({ approvals }) => approvals.length, right: true },
    { name: "Final", cell: ({ finalized }) => <Time value={finalized.time} /> },
  ];
}
