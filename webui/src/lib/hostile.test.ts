import { expect, test } from "vitest";
import { readManifest } from "@/features/content/manifest";
import { parseObject } from "./json";
import { cleanText, safeUrl } from "./text";

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

test("marks that turn or hide letters are gone", () => {
  expect(cleanText("safe\u202Egnp.exe")).toBe("safe gnp.exe");
  expect(cleanText("a\u200Bb\u0000c\u2066d\uFEFF")).toBe("a b c d");
});

test("a text of a megabyte is cut, between characters", () => {
  const cut = cleanText("𝛼".repeat(1_000_000), 50);
  expect([...cut]).toHaveLength(50);
  expect(cut.endsWith("𝛼…")).toBe(true);
});

test("what is no text is nothing", () => {
  for (const value of [null, 5, {}, [], undefined, true]) expect(cleanText(value)).toBe("");
});

test("only addresses of pages can be clicked on", () => {
  expect(safeUrl("https://example.org/a")).toBe("https://example.org/a");
  for (const url of [
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "//",
    7,
    "x".repeat(1000),
  ]) {
    expect(safeUrl(url)).toBeNull();
  }
});

test("JSON that is no object is none", () => {
  for (const text of ["[1]", "5", '"x"', "null", "{", "", "NaN"]) expect(parseObject(text)).toBeNull();
  expect(parseObject(Uint8Array.of(0xff, 0xfe))).toBeNull();
});

test("a manifest with every field of a wrong kind is read without one of them", () => {
  const manifest = readManifest(
    bytes({
      minerva: 1,
      title: { toString: "x" },
      task: ["a"],
      tensors: "no",
      rules: [],
      hyperparameters: 5,
      confidential: "yes",
    }),
  );
  expect(manifest).toMatchObject({
    title: "",
    task: "",
    tensors: [],
    tensorCount: 0,
    rules: [],
    confidential: false,
  });
});

test("a manifest's scripts stay text, its numbers are as they are", () => {
  const manifest = readManifest(
    bytes({
      minerva: 1,
      title: "<script>alert(1)</script>",
      tensors: [null, 5, { name: "w".repeat(5000), shape: ["x", 3], dtype: {} }],
      hyperparameters: { rate: "0.1", huge: 1e308, nested: { a: 1 }, __proto__: null },
    }),
  );
  expect(manifest?.title).toBe("<script>alert(1)</script>");
  expect(manifest?.tensors).toHaveLength(3);
  expect(manifest?.tensors[2]?.name.length).toBe(120);
  expect(manifest?.tensors[2]?.shape).toBe("[?, 3]");
  expect(Object.fromEntries(manifest?.hyperparameters ?? [])).toEqual({
    rate: "0.1",
    huge: "1e+308",
    nested: "(not shown)",
  });
});

test("what is no manifest of this version is none", () => {
  for (const value of ["[]", { minerva: 2 }, { minerva: "1" }, {}, "x"])
    expect(readManifest(bytes(value))).toBeNull();
});
