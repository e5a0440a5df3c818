import { identicon } from "@/lib/identicon";

/** The picture of an address; it says nothing to a reader that the address does not. */
export function Identicon({ address, size = 20 }: { address: string; size?: number }) {
  const { hue, cells } = identicon(address);
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 5 5" className="shrink-0 rounded-sm">
      <rect width="5" height="5" fill={`hsl(${hue} 40% 90%)`} />
      {cells.map(([x, y]) => (
        <rect key={`${x}-${y}`} x={x} y={y} width="1.02" height="1.02" fill={`hsl(${hue} 60% 38%)`} />
      ))}
    </svg>
  );
}
