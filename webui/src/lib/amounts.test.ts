import { expect, test } from "vitest";
import { parseAmount } from "./amounts";

test("sums are exact in their currency's decimals", () => {
  expect(parseAmount("0.1", 18)).toBe(10n ** 17n);
  expect(parseAmount(" 2.50 ", 1)).toBe(25n);
  expect(parseAmount("7", 0)).toBe(7n);
  expect(parseAmount("1.000000000000000001", 18)).toBe(10n ** 18n + 1n);
});

test("what is no sum is told, whatever it is", () => {
  for (const text of ["", ".5", "1.", "-1", "1e18", "0x1", "1,5", "١", "9".repeat(61), "NaN"]) {
    expect(parseAmount(text, 18)).toContain("digits");
  }
  expect(parseAmount("0.1234567", 6)).toBe("It has at most 6 decimals.");
  expect(parseAmount("0.1", 0)).toBe("It is counted in whole units.");
});

test("without decimals no sum is taken for one", () => {
  expect(parseAmount("1", null)).toContain("decimals");
});
