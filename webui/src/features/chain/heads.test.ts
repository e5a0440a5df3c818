import { expect, test } from "vitest";
import { patience, readHead } from "./heads";

test("an RPC that does not answer is asked more and more seldom, but never given up", () => {
  expect([0, 1, 2, 3, 4, 5, 1_000].map((failures) => patience(500, failures))).toEqual([
    500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000,
  ]);
  expect(patience(10_000, 3)).toBe(10_000);
});

test("a head knows the block before it; what lacks a part is none", () => {
  const header = { number: "0x10", hash: "0xaa", timestamp: "0x20", parentHash: "0xbb" };
  expect(readHead(header)).toEqual({ number: 16, hash: "0xaa", time: 32, parent: "0xbb" });
  for (const key of Object.keys(header)) expect(readHead({ ...header, [key]: 5 })).toBeNull();
});
