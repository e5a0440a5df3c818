// Sums of money as people write them.

/** A sum in the least unit, or what is wrong with the text. `decimals` are those of its currency, null where nobody knows them. */
export function parseAmount(text: string, decimals: number | null): bigint | string {
  if (decimals === null)
    return "The token does not tell its decimals, so a sum of it cannot be written here.";
  const match = /^(\d{1,60})(?:\.(\d{1,60}))?$/.exec(text.trim());
  if (match === null) return "Write a sum in digits, with a point before its decimals: 0.25.";
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) {
    return decimals === 0 ? "It is counted in whole units." : `It has at most ${decimals} decimals.`;
  }
  return BigInt((match[1] ?? "") + fraction.padEnd(decimals, "0"));
}
