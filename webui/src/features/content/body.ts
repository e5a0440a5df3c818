// Bodies of blocks from the gateway.
import { type Body, MAX_BODY_BYTES, readBody } from "@/lib/body";
import type { Cid } from "@/lib/cid";
import type { Limits } from "./gateway";
import { useContent } from "./use-content";

export const BODY_LIMITS: Limits = { maxBytes: MAX_BODY_BYTES, timeoutMs: 60_000 };

export interface FetchedBody {
  /** A text says why it is no body. */
  body: Body | string;
  bytes: number;
}

export function parseBody(data: Uint8Array): FetchedBody {
  return { body: readBody(data), bytes: data.length };
}

/** The body behind a CID, checked and read. */
export function useBody(cid: Cid | null) {
  return useContent("body", cid, BODY_LIMITS, parseBody);
}
