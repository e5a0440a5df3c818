import { Badge, type Tone } from "@/components/badge";
import { formatNumber } from "@/lib/format";
import { useChainStatus, useRuntime } from "./context";
import type { Reach } from "./heads";

const WORDS: Readonly<Record<Reach, readonly [string, Tone]>> = {
  connecting: ["connecting", "neutral"],
  live: ["live", "good"],
  polling: ["live by polling", "good"],
  gone: ["does not answer", "bad"],
};

/** The page's network, and whether it answers. */
export function ReachBadge() {
  const { network } = useRuntime();
  const { reach, head, otherChain } = useChainStatus();
  const [words, tone] = otherChain === null ? WORDS[reach] : (["another chain", "bad"] as const);
  return (
    <span className="hidden md:inline" role="status" aria-label={`${network.name}: ${words}`}>
      <Badge tone={tone}>
        {network.name} · {words}
        {head !== null && <span className="figures"> · {formatNumber(head.number)}</span>}
      </Badge>
    </span>
  );
}
