// What the Python client makes of known values (scripts/block_vectors.py), in this page's types; for tests.
import type { Address, Hex } from "viem";
import VECTORS from "./block-vectors.json";
import { type Cid, parseCid } from "./cid";
import type { Header, UpdateRecord } from "./hashes";

type HeaderFields = (typeof VECTORS.scene.blocks)[number]["header"];
type UpdateFields = (typeof VECTORS.updates)[number]["update"];

export { VECTORS };

export const hex = (text: string) => text as Hex;
export const address = (text: string) => text as Address;

export function cid(text: string): Cid {
  const read = parseCid(text);
  if (read === null) throw new Error(`no CID: ${text}`);
  return read;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function headerFrom(fields: HeaderFields): Header {
  return {
    number: fields.number,
    parent: hex(fields.parent),
    round: fields.round,
    updatesRoot: hex(fields.updatesRoot),
    ballotsRoot: hex(fields.ballotsRoot),
    acceptedRoot: hex(fields.acceptedRoot),
    body: cid(fields.body),
    model: cid(fields.model),
    rewardsRoot: hex(fields.rewardsRoot),
    rewardsTotal: BigInt(fields.rewardsTotal),
    weights: fields.weights.map(BigInt),
    proposer: address(fields.proposer),
    proof: hex(fields.proof),
  };
}

export function updateFrom(fields: UpdateFields): UpdateRecord {
  return {
    device: address(fields.device),
    miner: address(fields.miner),
    cid: cid(fields.cid),
    samples: fields.samples,
    epochs: fields.epochs,
    computeUs: BigInt(fields.computeUs),
    lossBefore: BigInt(fields.lossBefore),
    lossAfter: BigInt(fields.lossAfter),
  };
}
