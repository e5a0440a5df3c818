import { useChainNow } from "@/hooks/use-chain-now";
import { formatRelative, formatTime } from "@/lib/format";

/** A time: how far it is from the chain's present, and when that is. Seconds since 1970; 0 is none. */
export function Time({ value, absolute = false }: { value: number; absolute?: boolean }) {
  const now = useChainNow();
  if (value === 0) return <span>–</span>;
  const exact = formatTime(value);
  const date = new Date(value * 1000);
  const machine = Number.isNaN(date.getTime()) ? undefined : date.toISOString();
  return (
    <time dateTime={machine} title={exact} className="whitespace-nowrap">
      {formatRelative(value, now)}
      {absolute && ` (${exact})`}
    </time>
  );
}
