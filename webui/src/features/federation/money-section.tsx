import { Address } from "@/components/address";
import { Amount } from "@/components/amount";
import { Card } from "@/components/card";
import { type Column, DataTable } from "@/components/data-table";
import { Stat } from "@/components/stat";
import { Time } from "@/components/time";
import type { Claim, Money } from "./records";
import type { Currency, FederationConfig } from "./use-federation-state";

/** The escrow and what was paid of it. */
export function MoneySection({ money, config }: { money: Money; config: FederationConfig }) {
  const { rewards } = config;
  if (rewards === null) {
    return (
      <Card title="Rewards">
        <p className="text-sm">This federation pays nothing: whoever takes part does so for the model.</p>
      </Card>
    );
  }
  const { currency } = rewards;
  return (
    <Card title="Rewards">
      <div className="mb-3 grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Stat name="In escrow" value={<Amount value={money.funded} currency={currency} />} />
        <Stat name="Needed for all rounds" value={<Amount value={rewards.required} currency={currency} />} />
        <Stat name="Granted by blocks" value={<Amount value={money.granted} currency={currency} />} />
        <Stat name="Claimed" value={<Amount value={money.claimed} currency={currency} />} />
      </div>
      <DataTable
        caption="Payouts"
        columns={columns(currency)}
        rows={money.claims.toReversed()}
        rowKey={(claim) => `${claim.at.tx}-${claim.account}`}
        empty="Nobody has claimed anything yet"
        page={10}
      />
    </Card>
  );
}

function columns(currency: Currency): readonly Column<Claim>[] {
  return [
    { name: "Account", cell: (claim) => <Address value={claim.account} /> },
    { name: "Paid to", cell: (claim) => <Address value={claim.to} /> },
    { name: "By blocks", cell: (claim) => <Amount value={claim.byTable} currency={currency} />, right: true },
    {
      name: "For attesting",
      cell: (claim) => <Amount value={claim.byAttestations} currency={currency} />,
      right: true,
    },
    { name: "When", cell: (claim) => <Time value={claim.at.time} /> },
  ];
}
