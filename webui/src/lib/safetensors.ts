// The header of a safetensors file of a stranger (docs/SPECIFICATION.md, V8): read within limits, nothing is executed.
import { asObject } from "./json";
import { parseStrict, type Strict, StrictJsonError } from "./strict-json";

export interface Tensor {
  name: string;
  dtype: string;
  shape: readonly number[];
  elements: number;
  bytes: number;
}

export interface Safetensors {
  /** In the order of their names. */
  tensors: readonly Tensor[];
  metadata: readonly (readonly [string, string])[];
  elements: number;
  bytes: number;
}

const MOST_HEADER = 1 << 20;
const MOST_DIMENSIONS = 16;
const MOST_LENGTH = 2 ** 40;
const METADATA = "__metadata__";
const ITEM_BYTES: Readonly<Record<string, number>> = {
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** Whether it is a type of this protocol's tensors. */
export function isDtype(text: string): boolean {
  return Object.hasOwn(ITEM_BYTES, text);
}

/** Read a file; a text says why it is none. Names and metadata in it are a stranger's. */
export function readSafetensors(data: Uint8Array): Safetensors | string {
  if (data.length < 8) return "it is too short for safetensors";
  const length = new DataView(data.buffer, data.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(MOST_HEADER, data.length - 8))) return "it has no header of safetensors";
  const size = Number(length);
  if (data[8] !== 0x7b) return "its header is no JSON object";
  try {
    return readHeader(parseStrict(data.subarray(8, 8 + size)), data.length - 8 - size);
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    if (error instanceof StrictJsonError) return `its header is not as it must be: ${error.message}`;
    throw error;
  }
}

class Malformed extends Error {}

function readHeader(value: Strict, bytes: number): Safetensors {
  const entries = Object.entries(asObject(value) ?? {});
  const places = entries
    .filter(([name]) => name !== METADATA)
    .map(([name, fields]) => readTensor(name, fields))
    .sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let end = 0;
  for (const { begin, bytes: length } of places) {
    if (begin !== end) throw new Malformed("its tensors overlap or leave a gap");
    end += length;
  }
  if (end !== bytes) throw new Malformed("its tensors do not cover its data");
  const tensors = places
    .map(({ begin: _, ...tensor }) => tensor)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const elements = tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  return { tensors, metadata: readMetadata(entries), elements, bytes };
}

function readMetadata(entries: readonly (readonly [string, unknown])[]): [string, string][] {
  const found = entries.find(([name]) => name === METADATA);
  if (found === undefined) return [];
  const object = asObject(found[1]);
  if (object === null) throw new Malformed("its metadata are no object");
  return Object.entries(object).map(([key, value]) => {
    if (typeof value !== "string") throw new Malformed("its metadata are not texts");
    return [key, value];
  });
}

function readTensor(name: string, value: unknown): Tensor & { begin: number } {
  const fields = asObject(value);
  if (fields === null || Object.keys(fields).sort().join() !== "data_offsets,dtype,shape")
    throw new Malformed("a tensor is not described by dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = fields;
  const item = typeof dtype === "string" && Object.hasOwn(ITEM_BYTES, dtype) ? ITEM_BYTES[dtype] : undefined;
  if (typeof dtype !== "string" || item === undefined) throw new Malformed("a tensor's dtype is unknown");
  if (!areLengths(shape) || shape.length > MOST_DIMENSIONS)
    throw new Malformed("a tensor's shape is impossible");
  if (!areLengths(offsets) || offsets.length !== 2)
    throw new Malformed("a tensor's data_offsets are impossible");
  const [begin = 0, end = 0] = offsets;
  const elements = shape.reduce((product, length) => product * BigInt(length), 1n);
  if (BigInt(end - begin) !== elements * BigInt(item))
    throw new Malformed("a tensor's shape and its length in bytes differ");
  return { name, dtype, shape, elements: Number(elements), bytes: end - begin, begin };
}

function areLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => typeof n === "number" && n >= 0 && n < MOST_LENGTH);
}
