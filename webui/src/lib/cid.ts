// CIDs and the rule that makes them commitments, as client/minerva/store/cid.py has it.
import { bytesToHex, type Hex, hexToBytes, sha256 as nobleSha256 } from "viem";

export const RAW = 0x55;
export const DAG_PB = 0x70;
/** Length of every leaf but the last, and children of an inner node: Kubo's import with raw leaves. */
export const CHUNK_BYTES = 1 << 20;
export const MAX_LINKS = 174;

/** A CIDv1 over sha2-256: its digest and its codec, as the contracts carry it. */
export interface Cid {
  digest: Hex;
  codec: number;
}

interface Node {
  bytes: Uint8Array; // of the CID
  fileBytes: number;
  dagBytes: number;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** The CID as text, in base32. */
export function cidText(cid: Cid): string {
  return `b${base32(prefixed(cid.codec, hexToBytes(cid.digest)))}`;
}

/** The CID that a text names; null when it names none of this protocol. */
export function parseCid(text: string): Cid | null {
  if (!/^b[a-z2-7]{58}$/.test(text)) return null;
  const bytes = fromBase32(text.slice(1));
  const [version, codec, hash, length] = bytes;
  if (version !== 1 || (codec !== RAW && codec !== DAG_PB) || hash !== 0x12 || length !== 32) return null;
  const cid = { digest: bytesToHex(bytes.slice(4, 36)), codec };
  return cidText(cid) === text ? cid : null;
}

/** The CID of some bytes: up to 1 MiB their own hash, beyond that the root of a balanced UnixFS tree. */
export async function cidOf(data: Uint8Array): Promise<Cid> {
  let level: Node[] = [];
  for (let at = 0; at === 0 || at < data.length; at += CHUNK_BYTES) {
    const chunk = data.subarray(at, at + CHUNK_BYTES);
    level.push({
      bytes: prefixed(RAW, await sha256(chunk)),
      fileBytes: chunk.length,
      dagBytes: chunk.length,
    });
  }
  while (level.length > 1) {
    const parents: Node[] = [];
    for (let at = 0; at < level.length; at += MAX_LINKS)
      parents.push(await parent(level.slice(at, at + MAX_LINKS)));
    level = parents;
  }
  const root = level[0]?.bytes ?? new Uint8Array();
  return { digest: bytesToHex(root.slice(4)), codec: root[1] ?? RAW };
}

export function sameCid(one: Cid, other: Cid): boolean {
  return one.codec === other.codec && one.digest.toLowerCase() === other.digest.toLowerCase();
}

/** One dag-pb node in its canonical form: links before data, fields by number within each. */
async function parent(children: readonly Node[]): Promise<Node> {
  const links = children.map((child) =>
    bytesField(
      2,
      concat([bytesField(1, child.bytes), bytesField(2, new Uint8Array()), numberField(3, child.dagBytes)]),
    ),
  );
  const fileBytes = children.reduce((sum, child) => sum + child.fileBytes, 0);
  const sizes = children.map((child) => numberField(4, child.fileBytes));
  const unixfs = concat([numberField(1, 2), numberField(3, fileBytes), ...sizes]);
  const block = concat([...links, bytesField(1, unixfs)]);
  const dagBytes = block.length + children.reduce((sum, child) => sum + child.dagBytes, 0);
  return { bytes: prefixed(DAG_PB, await sha256(block)), fileBytes, dagBytes };
}

/** By the browser where it may (a page from https or this machine), else in JavaScript. */
export async function sha256(data: Uint8Array): Promise<Uint8Array> {
  if (globalThis.crypto?.subtle === undefined) return nobleSha256(data, "bytes");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>));
}

function prefixed(codec: number, digest: Uint8Array): Uint8Array {
  return concat([Uint8Array.of(1, codec, 0x12, 32), digest]);
}

function bytesField(field: number, value: Uint8Array): Uint8Array {
  return concat([varint((field << 3) | 2), varint(value.length), value]);
}

function numberField(field: number, value: number): Uint8Array {
  return concat([varint(field << 3), varint(value)]);
}

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let left = value;
  while (left > 0x7f) {
    out.push((left % 128) | 0x80);
    left = Math.floor(left / 128);
  }
  return Uint8Array.of(...out, left);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function base32(bytes: Uint8Array): string {
  let [out, buffer, bits] = ["", 0, 0];
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) out += ALPHABET[(buffer >> (bits - 5)) & 31];
  }
  return bits > 0 ? out + ALPHABET[(buffer << (5 - bits)) & 31] : out;
}

function fromBase32(text: string): Uint8Array {
  const out: number[] = [];
  let [buffer, bits] = [0, 0];
  for (const character of text) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(character)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push((buffer >> bits) & 0xff);
    }
  }
  return Uint8Array.from(out);
}
