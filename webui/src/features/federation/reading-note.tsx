import { Badge } from "@/components/badge";
import { formatPercent } from "@/lib/format";

/** How much of the events is read: it lies over the page, so that nothing moves when it is gone. */
export function ReadingNote({ complete, progress }: { complete: boolean; progress: number }) {
  if (complete) return null;
  return (
    <p className="fixed bottom-4 left-4 z-10 rounded-full bg-base-100 shadow" role="status">
      <Badge tone="busy">reading events: {formatPercent(Math.max(0, progress), 0)}</Badge>
    </p>
  );
}
