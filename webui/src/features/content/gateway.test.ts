import { afterEach, expect, test, vi } from "vitest";
import { cidOf, cidText } from "@/lib/cid";
import { ContentError, fetchContent } from "./gateway";

const DATA = new TextEncoder().encode("what the chain names");
const LIMITS = { maxBytes: 100, timeoutMs: 1_000 };

afterEach(() => vi.unstubAllGlobals());

function serve(answer: () => Response | Promise<Response>) {
  const asked = vi.fn((_url: string, _init?: RequestInit) => Promise.resolve(answer()));
  vi.stubGlobal("fetch", asked);
  return asked;
}

async function failure(promise: Promise<unknown>): Promise<ContentError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ContentError);
  return error as ContentError;
}

test("the bytes that the CID names are given", async () => {
  const cid = await cidOf(DATA);
  const asked = serve(() => new Response(DATA));
  expect(await fetchContent("http://gateway", cid, LIMITS)).toEqual(DATA);
  expect(asked.mock.calls[0]?.[0]).toBe(`http://gateway/ipfs/${cidText(cid)}`);
});

test("other bytes are refused", async () => {
  serve(() => new Response("something else"));
  expect((await failure(fetchContent("http://gateway", await cidOf(DATA), LIMITS))).kind).toBe("other bytes");
});

test("more bytes than allowed are not read to their end", async () => {
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sent += 1;
      controller.enqueue(new Uint8Array(64));
    },
  });
  serve(() => new Response(endless));
  expect((await failure(fetchContent("http://gateway", await cidOf(DATA), LIMITS))).kind).toBe("too large");
  expect(sent).toBeLessThan(6);
});

test("an answer that does not come is waited for no longer than allowed", async () => {
  vi.stubGlobal(
    "fetch",
    (_: string, init: RequestInit) =>
      new Promise((_resolve, reject) => {
        init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      }),
  );
  const error = await failure(
    fetchContent("http://gateway", await cidOf(DATA), { maxBytes: 100, timeoutMs: 20 }),
  );
  expect(error.kind).toBe("unavailable");
});

test("an error of the gateway is told by its number", async () => {
  serve(() => new Response("<h1>no</h1>", { status: 504 }));
  expect((await failure(fetchContent("http://gateway", await cidOf(DATA), LIMITS))).message).toContain("504");
});

test("what nobody serves keeps the rest waiting no longer than its own time, which theirs does not count", async () => {
  const cids = await Promise.all([..."abcdefghijkl"].map((name) => cidOf(new TextEncoder().encode(name))));
  const good = await cidOf(DATA);
  let open = 0;
  let most = 0;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    most = Math.max(most, ++open);
    const answer = new Promise<Response>((resolve, reject) => {
      if (url.endsWith(cidText(good))) resolve(new Response(DATA));
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
    return answer.finally(() => {
      open -= 1;
    });
  });
  const hopeless = cids.map((cid) =>
    failure(fetchContent("http://gateway", cid, { ...LIMITS, timeoutMs: 60 })),
  );
  expect(await fetchContent("http://gateway", good, { ...LIMITS, timeoutMs: 60 })).toEqual(DATA);
  expect((await Promise.all(hopeless)).map(({ kind }) => kind)).toEqual(cids.map(() => "unavailable"));
  expect(most).toBe(4);
});

test("whoever gives up in the queue leaves it, and asks nobody", async () => {
  const held: (() => void)[] = [];
  const asked = serve(() => new Promise((resolve) => held.push(() => resolve(new Response(DATA)))));
  const cid = await cidOf(DATA);
  const first = [1, 2, 3, 4].map(() => fetchContent("http://gateway", cid, LIMITS));
  const given = new AbortController();
  const gone = fetchContent("http://gateway", cid, LIMITS, given.signal);
  const last = fetchContent("http://gateway", cid, LIMITS);
  given.abort(new Error("gone"));
  await expect(gone).rejects.toThrow("gone");
  held.forEach((answer) => {
    answer();
  });
  await Promise.all(first);
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(5));
  held.at(-1)?.();
  expect(await last).toEqual(DATA);
});
