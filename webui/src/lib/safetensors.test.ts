import { expect, test } from "vitest";
import { bytes, VECTORS } from "./block-vectors";
import { readSafetensors } from "./safetensors";

/** A file with this header and so many bytes of data. */
function file(header: unknown, data = 8, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const whole = new Uint8Array(8 + text.length + data);
  new DataView(whole.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  whole.set(text, 8);
  return whole;
}

const tensor = (begin: number, end: number, shape: unknown = [2], dtype: unknown = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test("a model of the client's is read", () => {
  const read = readSafetensors(bytes(VECTORS.scene.modelBytes));
  if (typeof read === "string") throw new Error(read);
  expect(read.tensors).toEqual([
    { name: "layer.weight", dtype: "F32", shape: [2, 3], elements: 6, bytes: 24 },
    { name: "steps", dtype: "I64", shape: [], elements: 1, bytes: 8 },
  ]);
  expect(Object.fromEntries(read.metadata)).toEqual({ federation: VECTORS.scene.federation, round: "2" });
  expect(read).toMatchObject({ elements: 7, bytes: 32 });
});

test("a view into a larger buffer is read as itself", () => {
  const whole = new Uint8Array([1, 2, 3, ...file({ a: tensor(0, 8) })]);
  expect(readSafetensors(whole.subarray(3))).toMatchObject({ elements: 2 });
});

test("names are kept as they are: whoever shows them cuts them", () => {
  const read = readSafetensors(file({ "<script>": tensor(0, 8), __proto__x: tensor(8, 8, [0]) }));
  expect(typeof read === "string" ? read : read.tensors.map(({ name }) => name)).toEqual([
    "<script>",
    "__proto__x",
  ]);
  expect(readSafetensors(file(`{"__proto__":${JSON.stringify(tensor(0, 8))}}`))).toMatchObject({
    elements: 2,
  });
});

test.each<[string, Uint8Array]>([
  ["nothing", new Uint8Array()],
  ["a zip file", new TextEncoder().encode("PK\u0003\u0004 and more bytes than eight")],
  ["a header longer than the file", file({ a: tensor(0, 8) }, 8, 1000n)],
  ["a header of 2^64 − 1 bytes", file({ a: tensor(0, 8) }, 8, 2n ** 64n - 1n)],
  ["a header beyond the limit", file(`{"a":"${"x".repeat(1 << 20)}"}`)],
  ["a text of a megabyte", file(`{"a":"${"x".repeat((1 << 20) - 20)}"}`)],
  ["no object", file("[]")],
  ["no JSON", file("{")],
  ["the same name twice", file(`{"a":${JSON.stringify(tensor(0, 8))},"a":${JSON.stringify(tensor(0, 8))}}`)],
  ["depth without end", file(`${'{"a":'.repeat(1000)}`)],
  ["a tensor that is none", file({ a: null })],
  ["a field more", file({ a: { ...tensor(0, 8), more: 1 } })],
  ["a field less", file({ a: { dtype: "F32", shape: [2] } })],
  ["an unknown dtype", file({ a: tensor(0, 8, [2], "constructor") })],
  ["a dtype that is no text", file({ a: tensor(0, 8, [2], ["F32"]) })],
  ["a shape that is none", file({ a: tensor(0, 8, "2") })],
  ["a negative length", file({ a: tensor(0, 8, [-2]) })],
  ["lengths beyond 2^53", file('{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}')],
  ["a product beyond 2^53", file({ a: tensor(0, 8, Array(16).fill(2 ** 39)) })],
  ["seventeen dimensions", file({ a: tensor(0, 8, Array(17).fill(1)) })],
  ["a fraction", file('{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}')],
  ["an end before the beginning", file({ a: tensor(8, 0) })],
  ["a gap", file({ a: tensor(4, 12) }, 12)],
  ["an overlap", file({ a: tensor(0, 8), b: tensor(4, 12) }, 12)],
  ["an end past the file", file({ a: tensor(0, 8) }, 4)],
  ["bytes of no tensor", file({ a: tensor(0, 8) }, 12)],
  ["another length than its shape", file({ a: tensor(0, 8, [3]) })],
  ["metadata that are no texts", file({ __metadata__: { a: 1 }, b: tensor(0, 8) })],
  ["metadata that are no object", file({ __metadata__: [], b: tensor(0, 8) })],
])("%s is refused in words", (_, data) => {
  const read = readSafetensors(data);
  expect(typeof read).toBe("string");
  expect(String(read).length).toBeLessThan(200);
});
