// Numbers, sums and times in one style. Pure: the present is a parameter.
import { formatUnits } from "viem";
import { COIN } from "./coin";

const LOCALE = "en";

export function formatNumber(value: number | bigint, digits = 0): string {
  if (typeof value === "number" && !Number.isFinite(value)) return "–";
  const format = formats.get(digits) ?? newFormat(digits);
  formats.set(digits, format);
  return format.format(value);
}

/** By digits after the point: each takes longer to make than a thousand numbers to write. */
const formats = new Map<number, Intl.NumberFormat>();

function newFormat(digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A share of one: 0.1234 is 12.3 %. */
export function formatPercent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : "–";
}

/** A length in bytes, in units of 1,024. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), units.length - 1);
  const value = bytes / 1024 ** power;
  return `${value.toFixed(power === 0 || value >= 100 ? 0 : 1)} ${units[power]}`;
}

/** A sum with at most six decimals; what is smaller but not nothing is told as such. Without decimals it stays in the least unit. */
export function formatAmount(
  amount: bigint,
  decimals: number | null = COIN.decimals,
  symbol = COIN.symbol,
): string {
  if (decimals === null) return `${amount.toLocaleString(LOCALE)} base units of ${symbol}`;
  const [whole = "0", fraction = ""] = formatUnits(amount, decimals).replace("-", "").split(".");
  const sign = amount < 0n ? "-" : "";
  const shown = fraction.slice(0, 6).replace(/0+$/, "");
  if (whole === "0" && shown === "" && amount !== 0n) return `< 0.000001 ${symbol}`;
  return `${sign}${BigInt(whole).toLocaleString(LOCALE)}${shown && `.${shown}`} ${symbol}`;
}

/** A loss as records carry it: fixed-point with six decimals (R1). */
export function formatLoss(micro: bigint): string {
  return formatNumber(Number(micro) / 1e6, 4);
}

/** Some seconds in words: the two largest units; less than one in thousandths. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  let left = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [unit, length] of [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** How far a time is from now: "3 min ago", "in 2 h". Both in seconds since 1970. */
export function formatRelative(time: number, now: number): string {
  const distance = Math.round(time - now);
  if (Math.abs(distance) < 2) return "now";
  const size = Math.abs(distance);
  const [unit, length] = (
    [
      ["d", 86_400],
      ["h", 3600],
      ["min", 60],
      ["s", 1],
    ] as const
  ).find(([, l]) => size >= l) ?? ["s", 1];
  const words = `${Math.floor(size / length)} ${unit}`;
  return distance < 0 ? `${words} ago` : `in ${words}`;
}

/** A time to the second, in this machine's zone: 2026-01-31 14:05:09. Beyond what dates can be, the number itself. */
export function formatTime(time: number): string {
  const date = new Date(time * 1000);
  if (Number.isNaN(date.getTime())) return `${time} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** The ends of an address, a hash or a CID. */
export function shorten(text: string, head = 6, tail = 4): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}
