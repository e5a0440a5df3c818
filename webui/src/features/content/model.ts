// Global models from the gateway.
import type { Limits } from "./gateway";

/** A page holds no more than this, whatever a federation allows. */
const MOST_BYTES = 1 << 29;

export function modelLimits(maxModelBytes: number): Limits {
  return { maxBytes: Math.min(maxModelBytes, MOST_BYTES), timeoutMs: 120_000 };
}
