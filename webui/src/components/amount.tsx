import { COIN } from "@/lib/coin";
import { formatAmount } from "@/lib/format";
import { cleanText } from "@/lib/text";

interface Props {
  value: bigint;
  /** The chain's own coin, unless a token is named; its symbol is a stranger's text. */
  currency?: { symbol: string; decimals: number };
}

/** A sum of money; exact on demand. */
export function Amount({ value, currency = COIN }: Props) {
  const symbol = cleanText(currency.symbol, 12) || "tokens";
  return (
    <span className="figures whitespace-nowrap" title={`${value} of the smallest unit`}>
      {formatAmount(value, currency.decimals, symbol)}
    </span>
  );
}
