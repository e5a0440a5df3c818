import type { ReactNode } from "react";

/** Names and values, one below the other. */
export function Facts({ entries }: { entries: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-1 gap-x-6 sm:gap-y-2 sm:grid-cols-[max-content_1fr]">
      {entries.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-base-content/70 text-sm">{name}</dt>
          <dd className="min-w-0 break-words pb-2 text-sm sm:pb-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
