import { expect, test } from "vitest";
import { Feed, type Fold } from "./feed";
import { MemorySegments } from "./segments";
import type { ChainSession } from "./session";
import { TestChain } from "./test-chain";

/** The blocks of all events so far. */
class Blocks implements Fold<readonly number[]> {
  private readonly seen: number[] = [];

  apply({ block }: Parameters<Fold<unknown>["apply"]>[0]): void {
    this.seen.push(block);
  }

  snapshot(): readonly number[] {
    return [...this.seen];
  }
}

function feedOf(chain: TestChain, segments: MemorySegments, status = { generation: 0 }) {
  const told = new Set<() => void>();
  const session = {
    ready: Promise.resolve({ segments, database: null }),
    subscribe: (listener: () => void) => told.add(listener) && (() => told.delete(listener)),
    snapshot: () => ({ head: chain.head, ...status }),
  } as unknown as ChainSession;
  const source = () => chain;
  const feed = new Feed({ session, scope: "1/0x", first: 0, source, fold: () => new Blocks() });
  const news = () => {
    for (const listener of told) listener();
  };
  return { feed, news };
}

/** Until all up to the head is in. */
function completed(feed: Feed<readonly number[]>, events: number): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      const { complete, record } = feed.snapshot();
      if (!complete || record?.length !== events) return;
      leave();
      resolve();
    };
    const leave = feed.subscribe(look);
  });
}

test("many events are folded in their order, from the chain and from what was kept", async () => {
  const chain = new TestChain(9_000);
  const segments = new MemorySegments();
  const all = Array.from({ length: 9_000 }, (_, block) => block);
  for (const reads of [true, false]) {
    const before = chain.asked.length;
    const { feed } = feedOf(chain, segments);
    await completed(feed, 9_000);
    expect(feed.snapshot().record).toEqual(all);
    expect(chain.asked.length > before).toBe(reads);
  }
});

test("what vanished from the chain vanishes from the record", async () => {
  const chain = new TestChain(50);
  const { feed, news } = feedOf(chain, new MemorySegments());
  const leave = feed.subscribe(() => undefined);
  await completed(feed, 50);
  chain.reorganise(5, 1, 3);
  news();
  await completed(feed, 48);
  leave();
});

test("of a chain that was started anew nothing is known until it is read", async () => {
  const chain = new TestChain(50);
  const segments = new MemorySegments();
  const status = { generation: 0 };
  const { feed, news } = feedOf(chain, segments, status);
  const leave = feed.subscribe(() => undefined);
  await completed(feed, 50);
  chain.reorganise(50, 1, 8);
  status.generation = 1;
  news();
  expect(feed.snapshot()).toEqual({ record: null, complete: false, progress: 0, error: null });
  await completed(feed, 8);
  leave();
});
