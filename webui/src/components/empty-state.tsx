import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What to do about it. */
  hint?: ReactNode;
}

export function EmptyState({ title, hint }: Props) {
  return (
    <div className="rounded-box border border-base-300 border-dashed bg-base-100 px-6 py-6 text-center">
      <p>{title}</p>
      {hint !== undefined && <p className="mt-1 text-base-content/70 text-sm">{hint}</p>}
    </div>
  );
}
