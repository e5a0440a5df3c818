// The chain's own coin, and what it costs in money that people count in. A page asks nobody for a price: its user or server names it.
import { formatUnits } from "viem";

export interface Price {
  /** Of one coin. */
  amount: number;
  /** ISO 4217. */
  currency: string;
}

/** In what the chain's own sums are told; named once, before anything is drawn. */
export const COIN = { token: null, symbol: "ETH", decimals: 18 };

export function nameCoin(symbol: string): void {
  COIN.symbol = symbol;
}

/** Read "3000 USD"; null when it is no price. */
export function parsePrice(text: string): Price | null {
  const [, amount, currency = ""] = /^\s*(\d{1,9}(?:\.\d{1,9})?)\s+([A-Za-z]{3})\s*$/.exec(text) ?? [];
  return amount === undefined || Number(amount) === 0
    ? null
    : { amount: Number(amount), currency: currency.toUpperCase() };
}

/** What so much of the coin's smallest unit costs. */
export function formatMoney(value: bigint, { amount, currency }: Price): string {
  const money = Number(formatUnits(value, COIN.decimals)) * amount;
  const small = money > 0 && money < 0.01;
  const shown = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "code",
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  }).format(small ? 0.01 : money);
  return `${small ? "less than" : "about"} ${shown}`;
}
