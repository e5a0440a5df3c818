import type { ReactNode } from "react";

export type Tone = "neutral" | "good" | "bad" | "busy" | "warn";

const TONES: Readonly<Record<Tone, string>> = {
  neutral: "border-base-content/20 bg-base-200",
  good: "border-success bg-success/15",
  bad: "border-error bg-error/15",
  busy: "border-info bg-info/15",
  warn: "border-warning bg-warning/20",
};

/** A state in a word; its colour only repeats it. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-block whitespace-nowrap rounded-full border px-2 py-0.5 text-base-content text-xs ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
