import { Status } from "@/generated/enums";
import { statusWords } from "@/lib/phases";
import { Badge, type Tone } from "./badge";

const TONES: Readonly<Record<number, Tone>> = {
  [Status.Waiting]: "warn",
  [Status.Running]: "good",
  [Status.Paused]: "warn",
  [Status.Closed]: "neutral",
};

/** A federation's status. */
export function StatusBadge({ status }: { status: number }) {
  return <Badge tone={TONES[status] ?? "neutral"}>{statusWords(status)}</Badge>;
}
