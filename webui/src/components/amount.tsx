import { COIN } from "@/lib/coin";
import { formatAmount } from "@/lib/format";
import { cleanText } from "@/lib/text";

/** Longer sums than any real one may be broken, so that they stay within the page. */
const UNBROKEN = 16;

interface Props {
  value: bigint;
  /** The chain's own coin, unless a token is named; its symbol is a stranger's text. */
  currency?: { symbol: string; decimals: number | null };
}

/** A sum of money; exact on demand. */
export function Amount({ value, currency = COIN }: Props) {
  const symbol = cleanText(currency.symbol, 12) || "tokens";
  const text = formatAmount(value, currency.decimals, symbol);
  const breaks = text.length > UNBROKEN ? "[overflow-wrap:anywhere]" : "whitespace-nowrap";
  return (
    <span className={`figures ${breaks}`} title={`${value} of the smallest unit`}>
      {text}
    </span>
  );
}
