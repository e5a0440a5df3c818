import { useMemo } from "react";
import type { Address } from "viem";
import { Badge } from "@/components/badge";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Hash } from "@/components/hash";
import { Time } from "@/components/time";
import { href } from "@/hooks/use-route";
import { cidText } from "@/lib/cid";
import { formatNumber } from "@/lib/format";
import type { ModelEntry } from "./history";

interface Props {
  models: readonly ModelEntry[];
  address: Address;
  /** The block whose model is shown. */
  current: number | null;
}

/** All models, the newest first. */
export function HistoryCard({ models, address, current }: Props) {
  const newestFirst = useMemo(() => models.toReversed(), [models]);
  const columns = useMemo(() => columnsOf(address, current), [address, current]);
  return (
    <Card
      title="History"
      aside={<span className="text-sm">losses are as the devices report them, on their own data</span>}
    >
      <DataTable
        caption="Models, the newest first"
        columns={columns}
        rows={newestFirst}
        rowKey={({ block }) => block}
        empty="There is none"
      />
    </Card>
  );
}

function columnsOf(address: Address, current: number | null): readonly Column<ModelEntry>[] {
  return [
    {
      name: "Model",
      cell: ({ block, carried }) => (
        <span className="inline-flex flex-wrap items-center gap-2">
          <a
            className="link"
            href={href("model", address, block)}
            aria-current={block === current ? "page" : undefined}
          >
            {block === 0 ? "genesis" : `after block ${formatNumber(block)}`}
          </a>
          {block === current && <Badge>shown</Badge>}
          {carried && <Badge>carried over</Badge>}
        </span>
      ),
    },
    { name: "Round", cell: ({ round }) => formatNumber(round), right: true },
    {
      name: "Loss of it, reported in the next round",
      cell: ({ loss }) => (loss === null ? "–" : formatNumber(loss, 4)),
      right: true,
    },
    { name: "CID", cell: ({ cid }) => <Hash value={cidText(cid)} what="CID" /> },
    {
      name: "Block",
      cell: ({ block }) =>
        block === 0 ? (
          "–"
        ) : (
          <a className="link" href={href("block", address, block)}>
            block {formatNumber(block)}
          </a>
        ),
    },
    { name: "Since", cell: ({ time }) => <Time value={time} /> },
  ];
}
