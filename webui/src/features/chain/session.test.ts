import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { NetworkConfig } from "@/lib/runtime";
import { ChainSession } from "./session";

const NETWORK: NetworkConfig = {
  chainId: 31337,
  name: "Local chain",
  rpc: "http://chain.test",
  ws: "",
  gateway: "http://gateway.test",
  factory: "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707",
  block: 0,
  consensus: {},
  policies: {},
  results: {},
  coin: "ETH",
  price: "",
};

/** What the RPC is at the moment. */
const node = { up: true, chainId: 31337, genesis: "0xa0", head: 5, failures: 0 };
let session: ChainSession;

function answer({ id, method, params = [] }: { id: number; method: string; params?: unknown[] }) {
  const block = params[0] === "0x0" ? 0 : node.head;
  const hash = block === 0 ? node.genesis : `${node.genesis}${block}`;
  const result =
    method === "eth_chainId"
      ? `0x${node.chainId.toString(16)}`
      : {
          number: `0x${block.toString(16)}`,
          hash,
          timestamp: "0x10",
          parentHash: `${node.genesis}${block - 1}`,
        };
  return { jsonrpc: "2.0", id, result };
}

beforeEach(() => {
  Object.assign(node, { up: true, chainId: 31337, genesis: "0xa0", head: 5, failures: 0 });
  vi.stubGlobal("fetch", async (_: unknown, init: { body: string }) => {
    if (!node.up) throw new TypeError("failed to fetch");
    if (init.body.includes("eth_chainId") && node.failures-- > 0)
      return new Response("busy", { status: 503 });
    const body: unknown = JSON.parse(init.body);
    return Response.json(
      Array.isArray(body) ? body.map(answer) : answer(body as Parameters<typeof answer>[0]),
    );
  });
  vi.stubGlobal("indexedDB", new IDBFactory());
  session = new ChainSession(NETWORK);
});

afterEach(() => {
  session.stop();
  vi.unstubAllGlobals();
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

vi.setConfig({ testTimeout: 20_000 });

test("without a WebSocket the newest block is asked for", async () => {
  session.start();
  await until(() => expect(session.snapshot()).toMatchObject({ reach: "polling", head: { number: 5 } }));
  node.head = 6;
  await until(() => expect(session.snapshot().head?.number).toBe(6));
});

test("a chain that was started anew under its id is another one", async () => {
  session.start();
  await until(() => expect(session.snapshot().head?.number).toBe(5));
  expect(session.snapshot()).toMatchObject({ restarted: false, generation: 0 });
  Object.assign(node, { genesis: "0xb0", head: 2 });
  await until(() =>
    expect(session.snapshot()).toMatchObject({ restarted: true, generation: 1, head: { number: 2 } }),
  );
  session.acknowledge();
  expect(session.snapshot().restarted).toBe(false);
});

test("a chain that was started anew is found out though it is longer than the former one already", async () => {
  session.start();
  await until(() => expect(session.snapshot().head?.number).toBe(5));
  Object.assign(node, { genesis: "0xb0", head: 6 });
  await until(() => expect(session.snapshot()).toMatchObject({ restarted: true, head: { number: 6 } }));
});

test("an RPC that is gone is told, and what was read stays; it goes on when it is back", async () => {
  session.start();
  await until(() => expect(session.snapshot().head?.number).toBe(5));
  node.up = false;
  await until(() => expect(session.snapshot().reach).toBe("gone"));
  expect(session.snapshot().head?.number).toBe(5);
  Object.assign(node, { up: true, head: 9 });
  await until(() => expect(session.snapshot()).toMatchObject({ reach: "polling", head: { number: 9 } }));
});

test("a block whose chain could not be asked about is looked at again", async () => {
  node.failures = 2; // one request, and its repetition
  session.start();
  await until(() => expect(session.snapshot().head?.number).toBe(5));
});

test("an RPC of another chain is not read", async () => {
  node.chainId = 1;
  session.start();
  await until(() => expect(session.snapshot().otherChain).toBe(1));
  expect(session.snapshot().head).toBeNull();
});
