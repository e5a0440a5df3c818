// The body of a block (docs/SPECIFICATION.md, B4): a stranger's document, read exactly or not at all.
import { type Address, getAddress, type Hex, isHex, size } from "viem";
import { type Cid, parseCid } from "./cid";
import type { UpdateRecord } from "./hashes";
import { parseStrict, type Strict, StrictJsonError, type StrictObject } from "./strict-json";
import type { Outcome } from "./verdicts";

export const MAX_BODY_BYTES = 1 << 26;
/** More updates, rates or sums are not looked at: each takes a hash or more, and all together would freeze the page. */
export const MOST_ENTRIES = 100_000;

export interface BodyUpdate extends UpdateRecord {
  leaf: Hex;
  outcome: Outcome;
}

export interface Body {
  chainId: bigint;
  federation: Address;
  number: number;
  parent: Hex;
  round: number;
  /** The parent's. */
  model: Cid;
  /** In update order. */
  updates: readonly BodyUpdate[];
  /** Verdict bytes by miner index; null for one that did not vote. */
  ballots: ReadonlyMap<number, Hex | null>;
  /** Positions of accepted updates, and their counted weights. */
  accepted: readonly number[];
  weights: readonly number[];
  aggregation: { rule: string; sampleCap: bigint };
  /** Nanoseconds per sample and epoch after this block, by device. */
  rates: ReadonlyMap<Address, bigint>;
  /** What accounts have earned by the tables of all blocks up to this one. */
  earned: ReadonlyMap<Address, bigint>;
}

const FIELDS =
  "accepted,aggregation,ballots,chainId,earned,federation,minerva,model,number,parent,rates,round,updates,weights";
const UPDATE_FIELDS =
  "accepted,cid,computeUs,device,epochs,leaf,lossAfter,lossBefore,miner,quality,reason,samples";

/** Read a body; a text says why it is none. */
export function readBody(data: Uint8Array): Body | string {
  if (data.length > MAX_BODY_BYTES) return "it is longer than any body may be";
  try {
    return read(parseStrict(data, "canonical"));
  } catch (error) {
    if (error instanceof Misfit) return `its field ${error.message} is not what a body has there`;
    if (error instanceof TooMany)
      return `its field ${error.message} has more than the ${MOST_ENTRIES} entries that are looked at`;
    if (error instanceof StrictJsonError) return `it is no canonical JSON: ${error.message}`;
    throw error;
  }
}

/** V5: what accepted updates of so many samples count for. */
export function countedWeights(samples: readonly number[], sampleCap: bigint): number[] {
  const most = mostSamples(samples, sampleCap);
  return samples.map((count) => Math.max(1, Math.min(count, most)));
}

/** V5: so many times the lower median of the accepted updates' samples, and never more than a weight may be. */
export function mostSamples(samples: readonly number[], sampleCap: bigint): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const median = BigInt(sorted[Math.floor((sorted.length - 1) / 2)] ?? 0);
  return Number(median * sampleCap < 2n ** 29n ? median * sampleCap : 2n ** 29n - 1n);
}

class Misfit extends Error {}
class TooMany extends Error {}

function read(value: Strict): Body {
  const document = object(value, "", FIELDS);
  if (document.minerva !== 1) throw new Misfit("minerva");
  const entries = array(document.updates, "updates");
  if (entries.length > MOST_ENTRIES) throw new TooMany("updates");
  const [rates, earned] = [few(document.rates, "rates"), few(document.earned, "earned")];
  const aggregation = object(document.aggregation, "aggregation", "rule,sampleCap");
  return {
    chainId: integer(document.chainId, "chainId", 256),
    federation: address(document.federation, "federation"),
    number: small(document.number, "number", 32),
    parent: hex(document.parent, "parent", 32),
    round: small(document.round, "round", 32),
    model: cid(document.model, "model"),
    updates: entries.map((entry, at) => readUpdate(entry, `updates[${at}]`)),
    ballots: new Map(
      pairs(document.ballots, "ballots").map(([key, verdicts]) => [
        /^(0|[1-9][0-9]?)$/.test(key) ? small(Number(key), "ballots", 6) : misfit("ballots"),
        verdicts === null ? null : hex(verdicts, "ballots", entries.length),
      ]),
    ),
    accepted: array(document.accepted, "accepted").map((at) => small(at, "accepted", 32)),
    weights: array(document.weights, "weights").map((weight) => small(weight, "weights", 32)),
    aggregation: {
      rule: text(aggregation.rule, "aggregation"),
      sampleCap: integer(aggregation.sampleCap, "aggregation", 64),
    },
    rates: new Map(rates.map(([device, rate]) => [address(device, "rates"), integer(rate, "rates", 256)])),
    earned: new Map(
      earned.map(([account, amount]) => [address(account, "earned"), digits(amount, "earned")]),
    ),
  };
}

function readUpdate(value: Strict, place: string): BodyUpdate {
  const entry = object(value, place, UPDATE_FIELDS);
  const at = (name: string) => `${place}.${name}`;
  const accepted = entry.accepted;
  if (typeof accepted !== "boolean") throw new Misfit(at("accepted"));
  if (accepted && entry.reason !== null) throw new Misfit(at("reason"));
  const refusal = accepted ? null : object(entry.reason, at("reason"), "code,name");
  if (refusal !== null) text(refusal.name, at("reason"));
  return {
    device: address(entry.device, at("device")),
    miner: address(entry.miner, at("miner")),
    cid: cid(entry.cid, at("cid")),
    samples: small(entry.samples, at("samples"), 32),
    epochs: small(entry.epochs, at("epochs"), 32),
    computeUs: integer(entry.computeUs, at("computeUs"), 64),
    lossBefore: integer(entry.lossBefore, at("lossBefore"), 63, true),
    lossAfter: integer(entry.lossAfter, at("lossAfter"), 63, true),
    leaf: hex(entry.leaf, at("leaf"), 32),
    outcome: {
      accepted,
      quality: small(entry.quality, at("quality"), 8),
      reason: refusal === null ? 0 : small(refusal.code, at("reason"), 6),
    },
  };
}

function misfit(place: string): never {
  throw new Misfit(place);
}

function object(value: Strict | undefined, place: string, fields: string): StrictObject {
  const found = Object.fromEntries(pairs(value, place));
  return Object.keys(found).sort().join() === fields ? found : misfit(place || "list");
}

function pairs(value: Strict | undefined, place: string): [string, Strict][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return misfit(place || "list");
  return Object.entries(value);
}

function few(value: Strict | undefined, place: string): [string, Strict][] {
  const found = pairs(value, place);
  if (found.length > MOST_ENTRIES) throw new TooMany(place);
  return found;
}

function array(value: Strict | undefined, place: string): readonly Strict[] {
  return Array.isArray(value) ? value : misfit(place);
}

function text(value: Strict | undefined, place: string): string {
  return typeof value === "string" ? value : misfit(place);
}

function integer(value: Strict | undefined, place: string, bits: number, signed = false): bigint {
  if (typeof value !== "number" && typeof value !== "bigint") return misfit(place);
  const exact = BigInt(value);
  const [least, most] = [signed ? -(1n << BigInt(bits)) : 0n, 1n << BigInt(bits)];
  return exact >= least && exact < most ? exact : misfit(place);
}

function small(value: Strict | undefined, place: string, bits: number): number {
  return Number(integer(value, place, bits));
}

function digits(value: Strict, place: string): bigint {
  return typeof value === "string" && /^(0|[1-9][0-9]{0,77})$/.test(value)
    ? integer(BigInt(value), place, 256)
    : misfit(place);
}

function hex(value: Strict | undefined, place: string, length: number): Hex {
  const known = typeof value === "string" && isHex(value) && value.length === 2 + 2 * length;
  return known && size(value) === length && value === value.toLowerCase() ? value : misfit(place);
}

function address(value: Strict | undefined, place: string): Address {
  if (typeof value !== "string" || !/^0x[0-9a-fA-F]{40}$/.test(value)) return misfit(place);
  const known = getAddress(value);
  return known === value ? known : misfit(place);
}

function cid(value: Strict | undefined, place: string): Cid {
  return (typeof value === "string" ? parseCid(value) : null) ?? misfit(place);
}
