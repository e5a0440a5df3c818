import { expect, test } from "vitest";
import { formatMoney, parsePrice } from "./coin";

test("a price is an amount and a currency's code", () => {
  expect(parsePrice("3000 USD")).toEqual({ amount: 3000, currency: "USD" });
  expect(parsePrice(" 0.25  eur ")).toEqual({ amount: 0.25, currency: "EUR" });
  for (const text of ["", "3000", "USD 3000", "-1 USD", "0 USD", "1e9 USD", "3000 dollars", "3,000 USD"]) {
    expect(parsePrice(text), text).toBeNull();
  }
});

test("a sum is told in money", () => {
  const price = { amount: 3000, currency: "USD" };
  expect(formatMoney(10n ** 15n, price).replace(/\s/g, " ")).toBe("about USD 3.00");
  expect(formatMoney(5n * 10n ** 20n, price).replace(/\s/g, " ")).toBe("about USD 1,500,000.00");
  expect(formatMoney(1n, price).replace(/\s/g, " ")).toBe("less than USD 0.01");
  expect(formatMoney(0n, price).replace(/\s/g, " ")).toBe("about USD 0.00");
});
