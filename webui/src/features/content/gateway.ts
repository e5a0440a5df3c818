// Bytes behind a CID from an IPFS gateway: limited in length and time, and checked before anybody sees them.
import { type Cid, cidOf, cidText, sameCid } from "@/lib/cid";
import { formatBytes } from "@/lib/format";

export class ContentError extends Error {
  constructor(
    readonly kind: "unavailable" | "too large" | "other bytes",
    message: string,
  ) {
    super(message);
  }
}

export interface Limits {
  maxBytes: number;
  timeoutMs: number;
}

/** So many at once: what nobody serves leaves some of a browser's six connections to the gateway to the rest. */
const AT_ONCE = 4;
const waiting: (() => void)[] = [];
let running = 0;

/** Fetch and check once it is its turn, from when its time counts; rejects with a `ContentError`. */
export async function fetchContent(
  gateway: string,
  cid: Cid,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  await turn(signal);
  try {
    return await fetchNow(gateway, cid, limits, signal);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** Rejects where nobody waits for it any more. */
function turn(signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  if (running < AT_ONCE) {
    running += 1;
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const start = () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    };
    const leave = () => {
      waiting.splice(waiting.indexOf(start), 1);
      reject(signal?.reason);
    };
    waiting.push(start);
    signal?.addEventListener("abort", leave, { once: true });
  });
}

async function fetchNow(
  gateway: string,
  cid: Cid,
  { maxBytes, timeoutMs }: Limits,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  let data: Uint8Array;
  try {
    const answer = await fetch(`${gateway}/ipfs/${cidText(cid)}`, { signal: either, credentials: "omit" });
    if (!answer.ok) throw unavailable(`the IPFS gateway answers ${answer.status}`);
    data = await readLimited(answer, maxBytes);
  } catch (error) {
    if (error instanceof ContentError || signal?.aborted) throw error;
    const seconds = Math.round(timeoutMs / 1000);
    throw unavailable(
      deadline.aborted ? `nobody served it within ${seconds} s` : "the IPFS gateway does not answer",
    );
  }
  if (!sameCid(await cidOf(data), cid)) {
    throw new ContentError(
      "other bytes",
      "the IPFS gateway served other bytes than the chain names: they are not used",
    );
  }
  return data;
}

/** No more than so many bytes are ever held. */
async function readLimited(answer: Response, maxBytes: number): Promise<Uint8Array> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      void reader.cancel();
      throw new ContentError("too large", `it is longer than the ${formatBytes(maxBytes)} allowed`);
    }
    parts.push(value);
  }
  const data = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function unavailable(message: string): ContentError {
  return new ContentError("unavailable", message);
}
