import type { UseQueryResult } from "@tanstack/react-query";
import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Loading } from "@/components/loading";
import type { FetchedBody } from "@/features/content/body";
import type { Currency } from "@/features/federation/use-federation-state";
import type { BlockView } from "./block-page";
import { grantsOf } from "./checks";

type Row = ReturnType<typeof grantsOf>[number];

interface Props {
  view: BlockView;
  body: UseQueryResult<FetchedBody>;
  /** Of the block before; not asked for at block 1. */
  parentBody: UseQueryResult<FetchedBody>;
}

/** What the block granted, and to whom. */
export function RewardsCard({ view, body, parentBody }: Props) {
  const { block, config, parent } = view;
  const { rewards } = config;
  if (rewards === null) {
    return (
      <Card title="Rewards">
        <p className="text-sm">This federation pays nothing.</p>
      </Card>
    );
  }
  const own = body.data?.body;
  const former = parent === null ? null : parentBody.data?.body;
  return (
    <Card
      title="Rewards"
      aside={
        <span className="text-sm">
          granted by this block: <Amount value={block.header.rewardsTotal} currency={rewards.currency} />
        </span>
      }
    >
      {typeof own === "object" && typeof former === "object" ? (
        <DataTable
          caption="Rewards of this block"
          columns={columns(rewards.currency)}
          rows={grantsOf(own, former)}
          rowKey={(row) => row.account}
          empty="Nobody has earned anything by a block yet"
        />
      ) : body.isPending || (parent !== null && parentBody.isPending) ? (
        <Loading label="Reading the bodies" lines={4} />
      ) : (
        <p className="text-sm">Who earned it stands in the bodies, and one of them is not to be had.</p>
      )}
      <p className="mt-2 text-sm">
        For attesting a block its approving miners are credited by the vault itself; that stands in no table.
      </p>
    </Card>
  );
}

function columns(currency: Currency): readonly Column<Row>[] {
  return [
    { name: "Account", cell: ({ account }) => <Address value={account} /> },
    {
      name: "By this block",
      cell: ({ granted }) => <Amount value={granted} currency={currency} />,
      right: true,
    },
    { name: "So far", cell: ({ earned }) => <Amount value={earned} currency={currency} />, right: true },
  ];
}
