import { useMemo, useState } from "react";
import type { Address } from "viem";
import { Card } from "@/components/card";
import { ChartBox } from "@/components/chart-box";
import { Command } from "@/components/command";
import { type Column, DataTable } from "@/components/data-table";
import { FormField } from "@/components/form-field";
import { Hash } from "@/components/hash";
import { StrangerText } from "@/components/stranger-text";
import { useRuntime } from "@/features/chain/context";
import type { Round } from "@/features/federation/records";
import { href } from "@/hooks/use-route";
import { cidText, parseCid } from "@/lib/cid";
import { formatNumber } from "@/lib/format";
import { shellLine } from "@/lib/shell";
import { plural } from "@/lib/text";
import { thin } from "@/lib/thin";
import { type Baseline, lines, type Matched, matched } from "./results";
import { useResults, useResultsCid } from "./use-results";

type Row = Readonly<Record<string, number>>;

const MOST_POINTS = 500;
const METRICS = [
  { metric: "accuracy", title: "Accuracy by round", domain: [0, 1] as const },
  { metric: "loss", title: "Loss on test data by round", domain: undefined },
];

/** What somebody measured of the global models, beside centralised training where that was measured too. */
export function ResultsSection({ address, rounds }: { address: Address; rounds: readonly Round[] }) {
  const { chainId } = useRuntime().network;
  const cid = useResultsCid(address);
  const { data, error, isLoading } = useResults(cid);
  const found = useMemo(
    () => (data ? matched(data, chainId, address, rounds) : null),
    [data, chainId, address, rounds],
  );
  const fault = error?.message ?? (data === null ? "they are no figures of this form" : null);
  const why = fault ?? (typeof found === "string" ? found : null);
  return (
    <Card
      title="Accuracy and loss on test data"
      aside={cid !== null && <Hash value={cidText(cid)} what="CID of the figures" />}
    >
      {cid === null && (
        <p className="text-sm">
          The chain knows no accuracy. Whoever has test data can measure every round’s model and publish the
          figures:
        </p>
      )}
      {cid === null && (
        <Command line={shellLine("minerva", "model", "evaluate", address, "--baseline", "--publish")} />
      )}
      {isLoading && <div className="skeleton h-72 w-full" />}
      {why !== null && (
        <p role="alert" className="text-sm">
          <strong>These figures are not shown:</strong> {why}.
        </p>
      )}
      {data && found !== null && typeof found !== "string" && (
        <Figures found={found} baselines={data.baselines} measuredOn={data.measuredOn} />
      )}
      <OtherFigures address={address} />
    </Card>
  );
}

interface FiguresProps {
  found: Matched;
  baselines: readonly Baseline[];
  measuredOn: string;
}

function Figures({ found, baselines, measuredOn }: FiguresProps) {
  const names = useMemo(
    () => [
      { key: "own", name: "this federation" },
      ...baselines.map(({ name }, at) => ({ key: `baseline${at}`, name })),
    ],
    [baselines],
  );
  return (
    <>
      <div className="grid gap-4 lg:grid-cols-2">
        {METRICS.map(({ metric, title, domain }) => (
          <Metric
            key={metric}
            title={title}
            rows={lines(metric, found.rounds, baselines)}
            names={names}
            domain={domain}
          />
        ))}
      </div>
      <p className="mt-2 text-sm">
        Measured on <StrangerText value={measuredOn} most={200} none="data that nobody names" />: the word of
        whoever published it, which nobody can check without that data.
        {found.strange > 0 &&
          ` ${plural(found.strange, "figure")} of blocks that this chain does not have ${found.strange === 1 ? "is" : "are"} left out.`}
      </p>
      {baselines.map(({ name, words }) => (
        <p key={name} className="text-sm">
          <StrangerText value={name} most={40} />:{" "}
          <StrangerText value={words} most={200} none="not described" />.
        </p>
      ))}
    </>
  );
}

interface MetricProps {
  title: string;
  rows: readonly Row[];
  names: readonly { key: string; name: string }[];
  domain: readonly [number, number] | undefined;
}

function Metric({ title, rows, names, domain }: MetricProps) {
  const columns: readonly Column<Row>[] = [
    { name: "Round", cell: ({ round }) => formatNumber(round ?? 0), right: true },
    ...names.map(({ key, name }) => ({
      name,
      cell: (row: Row) => (row[key] === undefined ? "–" : formatNumber(row[key], 4)),
      right: true,
    })),
  ];
  const chart = { title, rows: thin(rows, MOST_POINTS), lines: names, ...(domain && { domain }) };
  return (
    <div className="min-w-0">
      <h3 className="font-medium text-sm">{title}</h3>
      <ChartBox {...chart} empty="Nobody measured it" />
      {rows.length > 0 && (
        <details>
          <summary className="cursor-pointer text-sm">As a table</summary>
          <DataTable
            caption={`${title}, the newest first`}
            columns={columns}
            rows={rows.toReversed()}
            rowKey={({ round }) => round ?? 0}
            empty="There is none"
          />
        </details>
      )}
    </div>
  );
}

/** Figures by their CID: the page's address then names them, and can be given to others. */
function OtherFigures({ address }: { address: Address }) {
  const [text, setText] = useState("");
  const cid = parseCid(text.trim());
  return (
    <details className="mt-2">
      <summary className="cursor-pointer text-sm">Show figures that somebody else published</summary>
      <form
        className="mt-2 max-w-xl"
        onSubmit={(event) => {
          event.preventDefault();
          if (cid !== null) window.location.hash = `${href("federation", address)}?results=${cidText(cid)}`;
        }}
      >
        <FormField
          label="CID of the figures"
          help="As 'minerva model evaluate --publish' prints it."
          value={text}
          fault={text.trim() !== "" && cid === null ? "This is no CID." : undefined}
          onChange={setText}
        />
        <button type="submit" className="btn btn-sm" disabled={cid === null}>
          Show them
        </button>
      </form>
    </details>
  );
}
