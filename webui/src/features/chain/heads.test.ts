import type { Hex } from "viem";
import { afterEach, expect, test, vi } from "vitest";
import { type BlockHead, HeadWatcher, patience, readHead } from "./heads";

afterEach(() => vi.unstubAllGlobals());

test("an RPC that does not answer is asked more and more seldom, but never given up", () => {
  expect([0, 1, 2, 3, 4, 5, 1_000].map((failures) => patience(500, failures))).toEqual([
    500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000,
  ]);
  expect(patience(10_000, 3)).toBe(10_000);
});

test("a head knows the block before it; what lacks a part is none", () => {
  const header = { number: "0x10", hash: "0xaa", timestamp: "0x20", parentHash: "0xbb" };
  expect(readHead(header)).toEqual({ number: 16, hash: "0xaa", time: 32, parent: "0xbb" });
  for (const key of Object.keys(header)) expect(readHead({ ...header, [key]: 5 })).toBeNull();
});

/** A watcher whose questions are answered by hand, and whose WebSocket says what it is told to. */
function watch() {
  const told: Hex[] = [];
  const asked: ((head: BlockHead) => void)[] = [];
  const sockets: { onmessage?: (message: { data: string }) => void }[] = [];
  vi.stubGlobal(
    "WebSocket",
    class {
      onmessage?: (message: { data: string }) => void;
      constructor() {
        sockets.push(this);
      }
      close() {}
    },
  );
  const watcher = new HeadWatcher({
    ws: "ws://chain.test",
    latest: () => new Promise((resolve) => asked.push(resolve)),
    pollMs: 60_000,
    onHead: ({ hash }) => told.push(hash),
    onReach: () => undefined,
  });
  const push = (number: number, hash: Hex) => {
    const result = { number: `0x${number.toString(16)}`, hash, timestamp: "0x1", parentHash: "0x" };
    sockets[0]?.onmessage?.({ data: JSON.stringify({ params: { result } }) });
  };
  return { watcher, told, asked, push };
}
const headOf = (number: number, hash: Hex): BlockHead => ({ number, hash, time: 1, parent: "0x" });

test("an answer that is older than what was told since it was asked for is no news", async () => {
  const { watcher, told, asked, push } = watch();
  watcher.start();
  asked[0]?.(headOf(4, "0x04"));
  await vi.waitFor(() => expect(told).toEqual(["0x04"]));
  const poll = watcher.poll();
  push(5, "0x05");
  push(6, "0x06");
  asked[1]?.(headOf(5, "0x05"));
  await poll;
  expect(told).toEqual(["0x04", "0x05", "0x06"]);
  const ahead = watcher.poll();
  push(7, "0x07");
  asked[2]?.(headOf(8, "0x08"));
  await ahead;
  expect(told.at(-1)).toBe("0x08");
  watcher.stop();
});

test("a chain that became shorter is news, by WebSocket and to whoever asks afterwards", async () => {
  const { watcher, told, asked, push } = watch();
  watcher.start();
  push(9, "0x09");
  push(6, "0xb6");
  expect(told).toEqual(["0x09", "0xb6"]);
  const poll = watcher.poll();
  asked[1]?.(headOf(5, "0xc5"));
  await poll;
  expect(told.at(-1)).toBe("0xc5");
  watcher.stop();
});
