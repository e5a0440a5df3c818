import { expect, test } from "vitest";
import { connectSources, NO_SETTINGS, parseConfig, readSettings, withSettings } from "./runtime";

const FACTORY = "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707";
const SERVED = {
  chainId: 31337,
  name: "Local chain",
  rpc: "http://127.0.0.1:8545/",
  ws: "ws://127.0.0.1:8545",
  gateway: ".",
  factory: FACTORY.toLowerCase(),
  block: 3,
};

function config(changes: Record<string, unknown> = {}) {
  const read = parseConfig({ ...SERVED, ...changes }, "http://127.0.0.1:8600/index.html");
  if (typeof read === "string") throw new Error(read);
  return read;
}

test("a config is read, its gateway seen from the page", () => {
  expect(config()).toMatchObject({
    rpc: "http://127.0.0.1:8545",
    gateway: "http://127.0.0.1:8600",
    factory: FACTORY,
    block: 3,
  });
});

test("published figures are known by their federations' addresses, and strangers' shapes are left out", () => {
  const cid = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
  expect(config({ results: { [FACTORY.toLowerCase()]: cid, nobody: cid, [FACTORY]: cid } }).results).toEqual({
    [FACTORY]: cid,
  });
  for (const results of [undefined, 5, [], { [FACTORY]: 5 }]) expect(config({ results }).results).toEqual({});
});

test("what a page cannot work with is told by its field", () => {
  for (const [field, value] of [
    ["chainId", "x"],
    ["factory", "0x12"],
    ["rpc", "javascript:1"],
    ["rpc", ""],
  ] as const) {
    expect(parseConfig({ ...SERVED, [field]: value }, "http://x/")).toContain(field);
  }
  expect(parseConfig([], "http://x/")).toContain("no JSON object");
});

test("the policy lists the configured chain and gateway, and nobody else", () => {
  const { network } = withSettings(config({ gateway: "https://ipfs.example/sub" }), {
    rpc: "",
    ws: "",
    gateway: "",
    price: "",
  });
  expect(connectSources(network)).toBe(
    "connect-src 'self' http://127.0.0.1:8545 ws://127.0.0.1:8545 https://ipfs.example",
  );
});

test("a price and the coin's symbol are taken where they are such, the user's before the server's", () => {
  const served = config({ coin: "POL", price: "0.5 EUR" });
  expect([served.coin, served.price]).toEqual(["POL", "0.5 EUR"]);
  expect(withSettings(served, { ...NO_SETTINGS, price: "3000 USD" }).network.price).toBe("3000 USD");
  expect(withSettings(served, NO_SETTINGS).network.price).toBe("0.5 EUR");
  expect(config({ coin: 5, price: "much" })).toMatchObject({ coin: "ETH", price: "" });
});

test("a user's RPC is not mixed with the served chain's WebSocket", () => {
  const { network } = withSettings(config(), { rpc: "https://rpc.example", ws: "", gateway: "", price: "" });
  expect(network).toMatchObject({ rpc: "https://rpc.example", ws: "" });
});

test("settings that are no addresses, or hold a password, are left out", () => {
  const kept = (text: string | null) => readSettings({ getItem: () => text });
  expect(kept('{"rpc":"https://a:b@c","ws":"http://x","gateway":"ftp://x"}')).toEqual({
    rpc: "",
    ws: "",
    gateway: "",
    price: "",
  });
  for (const text of [null, "{", "[]", "5"]) expect(kept(text)).toEqual(NO_SETTINGS);
  expect(kept('{"rpc":"https://c; script-src *"}').rpc).not.toContain(";");
});
