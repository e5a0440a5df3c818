import type { ReactNode } from "react";

/** One figure and what it is of. */
export function Stat({ name, value, hint }: { name: string; value: ReactNode; hint?: ReactNode }) {
  return (
    <div className="min-h-20 min-w-0 rounded-box border border-base-300 bg-base-100 p-3">
      <p className="text-base-content/70 text-sm">{name}</p>
      <p className="figures font-semibold text-base sm:text-xl">{value}</p>
      {hint !== undefined && <p className="text-base-content/70 text-xs">{hint}</p>}
    </div>
  );
}
