import { expect, test } from "vitest";
import { VECTORS } from "./block-vectors";
import { countedWeights, MAX_BODY_BYTES, MOST_ENTRIES, readBody } from "./body";
import { cidOf, cidText } from "./cid";

const [, BLOCK] = VECTORS.scene.blocks;
const TEXT = BLOCK?.body ?? "";
const encode = (text: string) => new TextEncoder().encode(text);

/** The known body with another value under a key, in canonical form. */
function changed(change: (document: Record<string, unknown>) => void): ReturnType<typeof readBody> {
  // What is beyond 2^53 has to survive this: here only round numbers are.
  const document = JSON.parse(TEXT) as Record<string, unknown>;
  change(document);
  return readBody(encode(canonical(document)));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}

test("B4: a body of the client's is read, its CID is that of its bytes", async () => {
  expect(cidText(await cidOf(encode(TEXT)))).toBe(BLOCK?.header.body);
  const body = readBody(encode(TEXT));
  if (typeof body === "string") throw new Error(body);
  expect(body.updates.map(({ outcome }) => outcome)).toEqual([
    { accepted: true, quality: 32, reason: 0 },
    { accepted: true, quality: 191, reason: 0 },
    { accepted: false, quality: 0, reason: 20 },
  ]);
  expect(body.accepted).toEqual([0, 1]);
  expect(countedWeights([10, 90], 4n)).toEqual(body.weights);
  expect(body.ballots.get(2)).toBeNull();
});

test("numbers beyond 2^53 are exact", () => {
  const body = readBody(encode(TEXT));
  if (typeof body === "string") throw new Error(body);
  expect(body.updates[0]?.computeUs).toBe(10n ** 17n + 1n);
  expect([...body.rates.values()]).toContain(2n ** 61n + 2n);
  expect([...body.earned.values()]).toContain(2n ** 60n + 7n);
});

test.each(Object.keys(JSON.parse(TEXT)))("a body without %s is none", (field) => {
  expect(changed((document) => delete document[field])).toContain("field");
});

test.each(Object.keys(JSON.parse(TEXT)))("a body whose %s is of another kind is none", (field) => {
  for (const value of [null, true, -1, "", "x".repeat(1 << 20), [[]], [null], { x: {} }, 2n ** 300n]) {
    expect(typeof changed((document) => Object.assign(document, { [field]: value }))).toBe("string");
  }
});

test.each([
  "device",
  "miner",
  "cid",
  "samples",
  "epochs",
  "computeUs",
  "lossBefore",
  "lossAfter",
  "leaf",
  "accepted",
  "quality",
  "reason",
])("an update whose %s is missing or of another kind makes it none, told by its place", (field) => {
  for (const value of [undefined, [], "\u202E", -(2n ** 70n), { code: "1", name: 1 }]) {
    const read = changed((document) => {
      const [update] = document.updates as Record<string, unknown>[];
      if (update === undefined) return;
      if (value === undefined) delete update[field];
      else update[field] = value;
    });
    expect(read).toContain("updates[0]");
  }
});

test("what is no canonical JSON is none", () => {
  const forms = [
    "",
    "[]",
    "5",
    "null",
    `${TEXT} `,
    ` ${TEXT}`,
    TEXT.replace('"minerva":1', '"minerva":1.0'),
    TEXT.replace('"minerva":1', '"minerva":1,"minerva":1'),
    TEXT.replace("{", '{"__proto__":{},'),
    "[".repeat(1 << 20),
    `"${"a".repeat(1 << 20)}`,
    "9".repeat(1 << 20),
    `${'{"a":'.repeat(1 << 16)}1`,
  ];
  for (const form of forms) expect(typeof readBody(encode(form))).toBe("string");
  expect(typeof readBody(Uint8Array.of(0xff, 0xfe))).toBe("string");
  expect(readBody(new Uint8Array(MAX_BODY_BYTES + 1))).toContain("longer");
});

test("V5: one device cannot count for more than so many times the others", () => {
  expect(countedWeights([1, 10, 1000], 4n)).toEqual([1, 10, 40]);
  expect(countedWeights([0, 0], 4n)).toEqual([1, 1]);
  expect(countedWeights([2 ** 32 - 1], 2n ** 31n)).toEqual([2 ** 29 - 1]);
  expect(countedWeights([], 4n)).toEqual([]);
});

test.each(["updates", "rates", "earned"])(
  "a body with more %s than are looked at is refused before one is",
  (field) => {
    const names = Array.from(
      { length: MOST_ENTRIES + 1 },
      (_, at) => `0x${at.toString(16).padStart(40, "0")}`,
    );
    const many = field === "updates" ? names : Object.fromEntries(names.map((name) => [name, "1"]));
    expect(changed((document) => Object.assign(document, { [field]: many }))).toContain(
      `${field} has more than the 100000 entries`,
    );
  },
  30_000,
);
