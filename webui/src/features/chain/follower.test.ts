import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import { forgetOtherChain, openDatabase, StoredSegments } from "./database";
import type { ChainEvent } from "./events";
import { Follower } from "./follower";
import { absorbed, MemorySegments, type SegmentStore } from "./segments";
import { TestChain } from "./test-chain";

class Told {
  events: ChainEvent[] = [];
  resets = 0;
  progressed: [number, number][] = [];

  reset = (events: readonly ChainEvent[]) => {
    this.events = [...events];
    this.resets += 1;
  };
  append = (events: readonly ChainEvent[]) => this.events.push(...events);
  progress = (block: number, head: number) => this.progressed.push([block, head]);

  /** Blocks and branches, in the order in which they were told. */
  get seen(): string[] {
    return this.events.map(({ block, index }) => `${block}:${index}`);
  }
}

let chain: TestChain;
let store: SegmentStore;
let told: Told;

const follower = (first = 0) => new Follower("31337/0xf", first, chain, store, told);
const expected = (...runs: [number, number, number][]) =>
  runs.flatMap(([from, to, branch]) =>
    Array.from({ length: to - from + 1 }, (_, at) => `${from + at}:${branch}`),
  );

beforeEach(() => {
  chain = new TestChain(10);
  store = new MemorySegments();
  told = new Told();
});

test("all events are told once, and new blocks as they come", async () => {
  const one = follower();
  await one.follow(chain.head);
  chain.mine(3);
  await one.follow(chain.head);
  expect(told.seen).toEqual(expected([0, 12, 0]));
  expect(told.resets).toBe(1);
  expect(told.progressed.at(-1)).toEqual([12, 12]);
});

test("a reload goes on where the last one ended", async () => {
  await follower().follow(chain.head);
  chain.mine(2);
  chain.asked.length = 0;
  told = new Told();
  await follower().follow(chain.head);
  expect(chain.asked).toEqual([[10, 11]]);
  expect(told.seen).toEqual(expected([0, 11, 0]));
});

test("blocks that vanished take their events with them", async () => {
  const one = follower();
  await one.follow(chain.head);
  chain.mine(4);
  await one.follow(chain.head);
  chain.reorganise(3, 1, 5);
  await one.follow(chain.head);
  expect(told.seen).toEqual(expected([0, 10, 0], [11, 15, 1]));
  const kept = await store.read("31337/0xf");
  expect(kept.flatMap(({ events }) => events)).toEqual(told.events);
});

test("a chain that became shorter, and one of the same length, are noticed", async () => {
  const one = follower();
  await one.follow(chain.head);
  chain.reorganise(4, 1, 2);
  await one.follow(chain.head);
  expect(told.seen).toEqual(expected([0, 5, 0], [6, 7, 1]));
  chain.reorganise(2, 2);
  await one.follow(chain.head);
  expect(told.seen).toEqual(expected([0, 5, 0], [6, 7, 2]));
});

test("a re-organisation while the page was closed is noticed", async () => {
  await follower().follow(chain.head);
  chain.reorganise(2, 1, 3);
  told = new Told();
  await follower().follow(chain.head);
  expect(told.seen).toEqual(expected([0, 7, 0], [8, 10, 1]));
});

test("a re-organisation in the middle of a reading leaves nothing of the old branch", async () => {
  const one = follower();
  chain.meanwhile = () => chain.reorganise(3, 1);
  await one.follow(chain.head);
  expect(told.progressed).not.toContainEqual([9, 9]);
  await one.follow(chain.head);
  expect(told.progressed.at(-1)).toEqual([9, 9]);
  expect(told.seen).toEqual(expected([0, 6, 0], [7, 9, 1]));
});

test("an RPC that refuses long ranges is asked for shorter ones", async () => {
  chain = new TestChain(500);
  chain.mostBlocks = 60;
  await follower().follow(chain.head);
  expect(told.seen).toEqual(expected([0, 499, 0]));
  expect(chain.asked.length).toBeLessThan(60);
});

test("an RPC that is gone is not hammered, and goes on when it is back", async () => {
  const one = follower();
  chain.reachable = false;
  await expect(one.follow(chain.head)).rejects.toThrow();
  expect(chain.asked).toEqual([]);
  chain.reachable = true;
  await one.follow(chain.head);
  expect(told.seen).toEqual(expected([0, 9, 0]));
});

test("nothing is asked of blocks before the first one", async () => {
  await follower(4).follow(chain.head);
  expect(chain.asked).toEqual([[4, 9]]);
});

test("old segments are merged, young ones stay short", async () => {
  const one = follower();
  for (let block = 0; block < 200; block += 1) {
    chain.mine(1);
    await one.follow(chain.head);
  }
  const kept = await store.read("31337/0xf");
  expect(kept.length).toBeLessThan(32 + 8);
  expect(kept.slice(-32).every(({ events }) => events.length === 1)).toBe(true);
  expect(kept[0]?.events.length).toBeGreaterThan(50);
  expect(kept.flatMap(({ events }) => events)).toHaveLength(210);
  expect(absorbed([5000], 1, 20_000)).toBe(0);
});

test("in the browser's database it is the same, and another chain of the same id begins anew", async () => {
  const database = await openDatabase("test");
  expect(await forgetOtherChain(database, 31337, "0x01")).toBe(false);
  store = new StoredSegments(database);
  const one = follower();
  await one.follow(chain.head);
  chain.reorganise(2, 1);
  await one.follow(chain.head);
  const kept = await store.read("31337/0xf");
  expect(kept.flatMap(({ events }) => events)).toEqual(told.events);
  await store.put({ scope: "1/0xf", from: 0, to: 1, hash: "0x", events: [] });
  expect(await forgetOtherChain(database, 31337, "0x01")).toBe(false);
  expect(await forgetOtherChain(database, 31337, "0x02")).toBe(true);
  expect(await store.read("31337/0xf")).toEqual([]);
  expect(await store.read("1/0xf")).toHaveLength(1);
});

test.each(["memory", "database"])("what another tab left of another branch goes: %s", async (kind) => {
  if (kind === "database") store = new StoredSegments(await openDatabase("tabs"));
  const row = (from: number, to: number) => ({
    scope: "31337/0xf",
    from,
    to,
    hash: "0x" as const,
    events: [],
  });
  const places = async () => (await store.read("31337/0xf")).map(({ from, to }) => [from, to]);
  await store.put(row(2, 3));
  await store.put(row(5, 6));
  await store.put(row(8, 30));
  await store.put(row(4, 8));
  expect(await places()).toEqual([
    [2, 3],
    [4, 8],
  ]);
  const one = follower(4);
  await one.follow(chain.head);
  expect(await places()).toEqual([[4, 9]]);
  expect(told.seen).toEqual(expected([4, 9, 0]));
});

test("of heads that come while it reads only the newest is followed", async () => {
  const one = follower();
  const first = one.follow(chain.head);
  const heads = [1, 2, 3].map(() => {
    chain.mine(1);
    return one.follow(chain.head);
  });
  await Promise.all([first, ...heads]);
  expect(chain.asked.at(-1)?.[1]).toBe(12);
  expect(chain.asked.length).toBeLessThanOrEqual(2);
  expect(told.seen).toEqual(expected([0, 12, 0]));
  expect(told.progressed.at(-1)).toEqual([12, 12]);
});
