// What network this page is for: config.json beside index.html, and over it what the user set in this browser.
import { type Address, getAddress, isAddress } from "viem";
import { parsePrice } from "./coin";
import { asObject, field, integerField, type JsonObject } from "./json";
import { cleanText } from "./text";

/** What whoever serves the build writes into config.json. */
export interface NetworkConfig {
  chainId: number;
  name: string;
  rpc: string;
  /** Where the chain answers by WebSocket; empty: it is polled. */
  ws: string;
  /** The IPFS gateway: `<gateway>/ipfs/<cid>`. */
  gateway: string;
  /** Symbol of the chain's own coin. */
  coin: string;
  /** What one coin costs, if anybody said: "3000 USD". */
  price: string;
  factory: Address;
  /** No event is older than this block. */
  block: number;
  /** Consensus modules and membership policies by their names. */
  consensus: Readonly<Record<string, Address>>;
  policies: Readonly<Record<string, Address>>;
  /** CIDs of figures that were published for federations, by their addresses: strangers' texts. */
  results: Readonly<Record<Address, string>>;
}

/** What a user may set in this browser; empty is what config.json says. */
export interface Settings {
  rpc: string;
  ws: string;
  gateway: string;
  price: string;
}

export interface Runtime {
  /** As it is in effect: the network's, with the user's settings over it. */
  network: NetworkConfig;
  /** As it was served. */
  served: NetworkConfig;
  settings: Settings;
}

const KEY = "minerva.settings";
export const NO_SETTINGS: Settings = { rpc: "", ws: "", gateway: "", price: "" };

/** Read a config.json; a text says what is wrong with it. */
export function parseConfig(value: unknown, page: string): NetworkConfig | string {
  const document = asObject(value);
  if (document === null) return "config.json holds no JSON object";
  const chainId = integerField(document, "chainId");
  if (chainId === null || chainId < 1) return "config.json has no chainId";
  const factory = field(document, "factory");
  if (typeof factory !== "string" || !isAddress(factory)) return "config.json has no factory address";
  const rpc = endpoint(field(document, "rpc"), page, ["http:", "https:"]);
  if (rpc === "") return "config.json has no http(s) address under rpc";
  return {
    chainId,
    name: cleanText(field(document, "name"), 40) || `Chain ${chainId}`,
    rpc,
    ws: endpoint(field(document, "ws"), page, ["ws:", "wss:"]),
    gateway:
      endpoint(field(document, "gateway"), page, ["http:", "https:"]) ||
      endpoint(".", page, ["http:", "https:"]),
    coin: cleanText(field(document, "coin"), 12) || "ETH",
    price: price(field(document, "price")),
    factory: getAddress(factory),
    block: integerField(document, "block") ?? 0,
    consensus: addresses(field(document, "consensus")),
    policies: addresses(field(document, "policies")),
    results: published(field(document, "results")),
  };
}

/** The user's settings in effect over what was served. A chain's own WebSocket is not asked beside another RPC. */
export function withSettings(served: NetworkConfig, settings: Settings): Runtime {
  const rpc = settings.rpc || served.rpc;
  const ws = settings.ws || (settings.rpc ? "" : served.ws);
  const gateway = settings.gateway || served.gateway;
  const network = { ...served, rpc, ws, gateway, price: settings.price || served.price };
  return { served, settings, network };
}

export function readSettings(storage: Pick<Storage, "getItem">): Settings {
  try {
    const document = asObject(JSON.parse(storage.getItem(KEY) ?? "{}"));
    return {
      rpc: endpoint(field(document, "rpc"), undefined, ["http:", "https:"]),
      ws: endpoint(field(document, "ws"), undefined, ["ws:", "wss:"]),
      gateway: endpoint(field(document, "gateway"), undefined, ["http:", "https:"]),
      price: price(field(document, "price")),
    };
  } catch {
    return NO_SETTINGS;
  }
}

export function writeSettings(storage: Pick<Storage, "setItem">, settings: Settings): void {
  storage.setItem(KEY, JSON.stringify(settings));
}

/** The content security policy's list of whom this page may speak to: itself and the configured chain and gateway. */
export function connectSources({ rpc, ws, gateway }: Pick<Settings, "rpc" | "ws" | "gateway">): string {
  const origins = [rpc, ws, gateway].filter(Boolean).map((url) => new URL(url).origin);
  return `connect-src ${["'self'", ...new Set(origins)].join(" ")}`;
}

/** An address of a service without its last slash; empty when it is none of these kinds, or has a password in it. */
export function endpoint(value: unknown, page: string | undefined, protocols: readonly string[]): string {
  if (typeof value !== "string" || value.trim() === "" || value.length > 512) return "";
  try {
    const url = new URL(value.trim(), page);
    if (!protocols.includes(url.protocol) || url.username || url.password || url.hash) return "";
    return url.href.replace(/\/+$/, "");
  } catch {
    return "";
  }
}

/** What a network calls a contract; null where it has no name for it. */
export function nameOf(named: Readonly<Record<string, Address>>, address: Address): string | null {
  return Object.entries(named).find(([, at]) => at === address)?.[0] ?? null;
}

function price(value: unknown): string {
  const text = cleanText(value, 30);
  return parsePrice(text) === null ? "" : text;
}

function published(value: unknown): Record<Address, string> {
  const pairs = Object.entries(asObject(value) ?? {}).slice(0, 1_000);
  return Object.fromEntries(
    pairs.flatMap(([at, cid]) => (typeof cid === "string" && isAddress(at) ? [[getAddress(at), cid]] : [])),
  );
}

function addresses(value: unknown): Record<string, Address> {
  const document: JsonObject = asObject(value) ?? {};
  const pairs = Object.entries(document).slice(0, 50);
  return Object.fromEntries(
    pairs.flatMap(([name, at]) =>
      typeof at === "string" && isAddress(at) ? [[cleanText(name, 40), getAddress(at)]] : [],
    ),
  );
}
