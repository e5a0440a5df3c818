import { expect, test } from "vitest";
import { parseStrict, StrictJsonError } from "./strict-json";

const read = (text: string, form?: "canonical") => parseStrict(new TextEncoder().encode(text), form);

test("values are as JSON.parse gives them, but for numbers that would not be exact", () => {
  const text = '{"a":[1,-2,0,"x\\n\\"é𝛼"],"b":{"c":null,"d":true,"e":false}}';
  expect(JSON.stringify(read(text, "canonical"))).toBe(JSON.stringify(JSON.parse(text)));
  expect(read("9007199254740993")).toBe(9007199254740993n);
  expect(read("-9007199254740991")).toBe(-9007199254740991);
});

test("white space and the order of keys matter in the canonical form alone", () => {
  for (const text of [' {"a" : 1}', '{"b":1,"a":2}', '"\\u0061"', "-0"]) {
    expect(() => read(text)).not.toThrow();
    expect(() => read(text, "canonical")).toThrow(StrictJsonError);
  }
});

test.each([
  "",
  "{",
  "[1,]",
  '{"a":1,}',
  '{"a":1,"a":1}',
  "{a:1}",
  "1.5",
  "1e9",
  "01",
  "+1",
  "NaN",
  "Infinity",
  "'a'",
  '"a\u0000"',
  '"\\ud800"',
  '"\\x"',
  '"a',
  "[1 2]",
  "true1",
  "nul",
  "\uFEFF1",
  "9".repeat(81),
  "[".repeat(20),
])("%j is refused", (text) => {
  expect(() => read(text)).toThrow(StrictJsonError);
});

test("a key that prototypes have is a key like any other", () => {
  const value = read('{"__proto__":{"x":1},"constructor":2}') as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
