import { expect, test } from "vitest";
import vectors from "@/features/create/vectors.json";
import { lacks, parseRule, ruleText, ruleWords, USUAL_RULE } from "./aggregation";

test("rules are named as the client names them, and suffice for as many updates", () => {
  for (const { text, n, canonical, enough } of vectors.rules) {
    const parts = parseRule(text);
    expect(parts === null ? null : ruleText(parts), text).toBe(canonical);
    expect(parts !== null && lacks(parts, n) === null, `${text} of ${n}`).toBe(enough);
  }
});

test("what is lacking is said with the sum", () => {
  expect(lacks(parseRule("krum:f=4") ?? [], 10)).toBe(
    "krum:f=4 needs at least 2 × 4 + 3 = 11 updates, and gets 10",
  );
  expect(lacks(parseRule("bucketing+krum:f=2") ?? [], 10)).toContain("buckets of 10 updates, and gets 5");
});

test("a rule is told in words", () => {
  expect(ruleWords(parseRule("nnm+median") ?? [])).toContain("; then the median");
});

test("the usual rule is the client's", () => {
  expect(USUAL_RULE).toBe(vectors.usualRule);
});

test("names of what every object has are no rules", () => {
  for (const text of ["constructor", "median:toString=1", "__proto__"]) expect(parseRule(text)).toBeNull();
});
