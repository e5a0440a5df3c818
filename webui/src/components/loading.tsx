interface Props {
  label: string;
  /** How many lines of what is to come; they take its place, so that nothing moves when it is there. */
  lines?: number;
}

/** What stands where something is being read. */
export function Loading({ label, lines = 6 }: Props) {
  return (
    <div role="status" aria-live="polite" className="space-y-3">
      <span className="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, line) => `line-${line}`).map((line) => (
        <div key={line} className="skeleton h-6 w-full" />
      ))}
    </div>
  );
}
