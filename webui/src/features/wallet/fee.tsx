import { Amount } from "@/components/amount";
import { useRuntime } from "@/features/chain/context";
import { formatMoney, parsePrice } from "@/lib/coin";
import { formatNumber } from "@/lib/format";
import type { Cost } from "./use-cost";

/** What a transaction may cost at most: in the chain's coin, in money where its price was named, and in gas. */
export function Fee({ cost }: { cost: Cost }) {
  const price = parsePrice(useRuntime().network.price);
  return (
    <>
      at most <Amount value={cost.fee} />
      {price !== null && `, ${formatMoney(cost.fee, price)},`} for {formatNumber(cost.gas)} gas
    </>
  );
}
