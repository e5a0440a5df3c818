import type { ReactNode } from "react";

interface Props {
  title: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a page, with its heading. */
export function Card({ title, aside, children }: Props) {
  return (
    <section className="rounded-box border border-base-300 bg-base-100 p-4 shadow-sm">
      <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold text-lg">{title}</h2>
        {aside !== undefined && <div className="text-base-content/70 text-sm">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
