import { expect, test } from "vitest";
import type { Round } from "@/features/federation/records";
import { last, lines, matched, type Results, readResults } from "./results";
import vectors from "./vectors.json";

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const published = JSON.parse(vectors.text) as { federation: string };

function read(value: unknown): Results {
  const results = readResults(bytes(value));
  if (results === null) throw new Error("no results");
  return results;
}

const round = (number: number, digit: string | null) =>
  ({ number, block: digit === null ? null : { hash: `0x${digit.repeat(64)}` } }) as unknown as Round;

test("what the client publishes is read, and drawn beside its baseline", () => {
  const results = read(published);
  const found = matched(results, 31337, published.federation, [round(1, "1"), round(2, null), round(3, "3")]);
  if (typeof found === "string") throw new Error(found);
  expect(found.strange).toBe(0);
  expect(lines("accuracy", found.rounds, results.baselines)).toEqual([
    { round: 1, own: 0.75, baseline0: 0.8 },
    { round: 3, own: 0.9, baseline0: 0.95 },
  ]);
  expect(last("loss", found.rounds)).toMatchObject({ round: 3, value: 0.25, block: `0x${"3".repeat(64)}` });
  expect(last("f1", found.rounds)).toBeNull();
  expect(results.measuredOn).toBe("the test data of the task digits");
});

test("figures of another chain, another federation or other blocks are not shown as this one's", () => {
  const results = read(published);
  const rounds = [round(1, "1"), round(3, "4")];
  expect(matched(results, 1, published.federation, rounds)).toMatch(/another federation/);
  expect(matched(results, 31337, `0x${"5".repeat(40)}`, rounds)).toMatch(/another federation/);
  expect(matched(results, 31337, published.federation, [round(1, "2")])).toMatch(/does not have/);
  expect(matched(results, 31337, published.federation, rounds)).toMatchObject({
    strange: 1,
    rounds: [{ round: 1 }],
  });
});

test("a stranger's document of any shape is no harm", () => {
  for (const value of [null, 5, [], "x", {}, { minerva_results: 2 }])
    expect(readResults(bytes(value))).toBeNull();
  const results = read({
    minerva_results: 1,
    chain_id: "x",
    federation: "javascript:alert(1)",
    measured_on: "a\u202Eb\u0000".repeat(10_000),
    rounds: [
      7,
      { round: 0 },
      { round: 2 ** 60 },
      { round: 1, block: "0x12", metrics: { accuracy: "1", loss: null, "<script>": 2 } },
      { round: 1, metrics: { accuracy: 1 } },
      { round: 4, block: `0x${"A".repeat(64)}`, metrics: [1] },
    ],
    baselines: ["x", { rounds: 5 }, {}, { name: "a fourth" }],
  });
  expect(results).toMatchObject({ chainId: null, federation: "" });
  expect(results.measuredOn.length).toBeLessThanOrEqual(200);
  expect(results.rounds.map(({ round: number, block }) => [number, block?.slice(0, 4) ?? null])).toEqual([
    [1, null],
    [4, "0xaa"],
  ]);
  expect([...(results.rounds[0]?.metrics ?? [])]).toEqual([["<script>", 2]]);
  expect(results.baselines.map(({ name }) => name)).toEqual(["baseline", "baseline", "baseline"]);
});
