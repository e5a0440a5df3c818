import { useChainStatus } from "@/features/chain/context";
import { useNow } from "./use-now";

/** The present as the chain has it: a chain whose clock was moved ahead is ahead of this machine's. */
export function useChainNow(): number {
  const { head } = useChainStatus();
  return Math.max(useNow(), head?.time ?? 0);
}
