import { useMemo } from "react";
import { Card } from "@/components/card";
import { ChartBox } from "@/components/chart-box";
import { type Column, DataTable } from "@/components/data-table";
import { StrangerText } from "@/components/stranger-text";
import { formatNumber } from "@/lib/format";
import { type LossPoint, lossSeries } from "./losses";
import type { Round } from "./records";

const LINES = [
  { key: "before", name: "global model, before training" },
  { key: "after", name: "local models, after it" },
];
const COLUMNS: readonly Column<LossPoint>[] = [
  { name: "Round", cell: ({ round }) => formatNumber(round), right: true },
  { name: "Global model, before training", cell: ({ before }) => formatNumber(before, 4), right: true },
  { name: "Local models, after it", cell: ({ after }) => formatNumber(after, 4), right: true },
];

interface Props {
  rounds: readonly Round[];
  /** What the manifest says of accuracy: a stranger's text. */
  evaluation: string;
}

/** How the model gets on: as a drawing, and as a table. */
export function LossSection({ rounds, evaluation }: Props) {
  const series = useMemo(() => lossSeries(rounds), [rounds]);
  const newestFirst = useMemo(() => series.toReversed(), [series]);
  return (
    <Card title="Loss by round" aside={<span className="text-sm">as the accepted devices report it</span>}>
      <ChartBox title="Loss by round" rows={series} lines={LINES} empty="No update has been accepted yet" />
      <p className="mt-2 text-sm">
        Devices report losses on their own data, and nobody can check them. Of evaluation the task says:{" "}
        <StrangerText value={evaluation} most={400} none="nothing" />
      </p>
      {series.length > 0 && (
        <details className="mt-2">
          <summary className="cursor-pointer text-sm">As a table</summary>
          <DataTable
            caption="Loss by round, the newest first"
            columns={COLUMNS}
            rows={newestFirst}
            rowKey={({ round }) => round}
            empty="There is none"
          />
        </details>
      )}
    </Card>
  );
}
