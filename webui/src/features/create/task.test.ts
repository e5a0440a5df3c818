import { expect, test } from "vitest";
import { mismatch, readGenesis, readTask, type Task } from "./task";

const MANIFEST = {
  minerva: 1,
  title: "Two classes",
  task: "digits",
  inputs: "pixels",
  labels: "digits",
  tensors: [
    { name: "0.bias", shape: [2], dtype: "F32" },
    { name: "0.weight", shape: [2, 3], dtype: "F32" },
  ],
  hyperparameters: { epochs: 1, rate: "0.1" },
  rules: { sample_cap: 4 },
  aggregation: "fedadam:lr=5",
  code_sha256: "a".repeat(64),
  evaluation: "the requester",
};
const HEADER = {
  __metadata__: { federation: `0x${"0".repeat(40)}`, round: "0" },
  "0.bias": { dtype: "F32", shape: [2], data_offsets: [0, 8] },
  "0.weight": { dtype: "F32", shape: [2, 3], data_offsets: [8, 32] },
};

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

function model(header: unknown, data = 32): Uint8Array {
  const text = bytes(header);
  const made = new Uint8Array(8 + text.length + data);
  new DataView(made.buffer).setBigUint64(0, BigInt(text.length), true);
  made.set(text, 8);
  return made;
}

function taskOf(value: unknown): Task {
  const task = readTask(bytes(value));
  if (typeof task === "string") throw new Error(task);
  return task;
}

test("a manifest and its genesis model are told in words", () => {
  const task = taskOf(MANIFEST);
  expect([task.manifest.title, task.rule.length, task.tensors.get("0.weight")]).toEqual([
    "Two classes",
    2,
    "F32 [2, 3]",
  ]);
  const genesis = readGenesis(model(HEADER));
  expect(genesis).toMatchObject({ parameters: 8 });
  if (typeof genesis !== "string") expect(mismatch(task, genesis)).toBeNull();
});

test("momentum on devices is for models of float32 alone (G1)", () => {
  const tensors = [{ name: "0.bias", shape: [2], dtype: "I64" }];
  const header = {
    __metadata__: HEADER.__metadata__,
    "0.bias": { dtype: "I64", shape: [2], data_offsets: [0, 16] },
  };
  const genesis = readGenesis(model(header, 16));
  if (typeof genesis === "string") throw new Error(genesis);
  const found = (aggregation: string) => mismatch(taskOf({ ...MANIFEST, tensors, aggregation }), genesis);
  expect(found("client_momentum+median")).toMatch(/float32.*0\.bias is I64/);
  expect(found("median")).toBeNull();
});

test("a manifest by which nobody would train is refused, with the reason (T1 to T3, G1)", () => {
  const cases: [object, RegExp][] = [
    [{ minerva: 2 }, /version 1/],
    [{ title: undefined }, /no field title/],
    [{ title: 5 }, /title is no text/],
    [{ more: 1 }, /no manifest has: more/],
    [{ code_sha256: "A" }, /SHA-256/],
    [{ rules: { sample_cap: 0 } }, /sample_cap is out of bounds/],
    [{ rules: { other: 1 } }, /nobody knows: other/],
    [{ rules: { min_rate_ns: 20_000_000_000 } }, /band of rates/],
    [{ hyperparameters: { deep: {} } }, /hyper-parameters/],
    [{ hyperparameters: { rate: 0.1 } }, /hyper-parameters/],
    [{ confidential: "yes" }, /neither true nor false/],
    [{ tensors: [] }, /no tensors/],
    [{ tensors: MANIFEST.tensors.toReversed() }, /order of their names/],
    [{ tensors: [{ name: "a", shape: [-1], dtype: "F32" }] }, /none of this protocol/],
    [{ tensors: [{ name: "a", shape: [1], dtype: "constructor" }] }, /none of this protocol/],
    [{ aggregation: "<script>" }, /no aggregation rule: <script>/],
  ];
  for (const [change, words] of cases) {
    const told = readTask(bytes({ ...MANIFEST, ...change }));
    expect(told, JSON.stringify(change)).toMatch(words);
  }
  for (const data of [Uint8Array.of(0xff), bytes([1]), new Uint8Array()])
    expect(readTask(data)).toBeTypeOf("string");
});

test("a model of another task, or of a later round, is not the genesis model", () => {
  const task = taskOf(MANIFEST);
  const told = (header: unknown, data?: number) => {
    const genesis = readGenesis(model(header, data));
    return typeof genesis === "string" ? genesis : mismatch(task, genesis);
  };
  const weight = { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] };
  expect(told({ ...HEADER, "0.bias": undefined, "0.weight": weight }, 24)).toContain("no tensor 0.bias");
  const bias = { dtype: "F16", shape: [2], data_offsets: [24, 28] };
  expect(told({ ...HEADER, "0.bias": bias, "0.weight": weight }, 28)).toContain("is F16 [2], and F32 [2]");
  const extra = { dtype: "U8", shape: [1], data_offsets: [32, 33] };
  expect(told({ ...HEADER, extra }, 33)).toContain("does not name");
  expect(told({ ...HEADER, __metadata__: { federation: `0x${"1".repeat(40)}`, round: "3" } })).toContain(
    "not a genesis",
  );
  expect(told(HEADER, 31)).toContain("no model in safetensors: its tensors do not cover its data");
});

test("what is no model is refused whatever its bytes", () => {
  const huge = new Uint8Array(16).fill(0xff);
  for (const data of [new Uint8Array(), new Uint8Array(9), huge, model([1]), model("x"), model({ a: 5 })]) {
    expect(readGenesis(data)).toBeTypeOf("string");
  }
});
