import { expect, test } from "vitest";
import { lossSeries } from "./losses";
import type { Round, Update } from "./records";

const update = (samples: number, lossBefore: bigint, lossAfter: bigint, accepted = true) =>
  ({ samples, lossBefore, lossAfter, outcome: { accepted } }) as unknown as Update;
const round = (number: number, ...updates: Update[]) => ({ number, updates }) as unknown as Round;

test("a round's point is the mean of its accepted devices by samples; without one there is none", () => {
  const rounds = [
    round(1, update(30, 1_000_000n, 400_000n), update(10, 2_000_000n, 800_000n), update(99, 9n, 9n, false)),
    round(2),
    round(3, update(0, 5n, 5n)),
    round(4, update(1, -(2n ** 63n), 2n ** 63n - 1n)),
  ];
  const series = lossSeries(rounds);
  expect(series.map(({ round: number }) => number)).toEqual([1, 4]);
  expect(series[0]).toMatchObject({ before: 1.25, after: 0.5 });
  expect(series[1]?.before).toBeLessThan(-9e12);
});

test("of many rounds some are shown, the first and the last among them", () => {
  const rounds = Array.from({ length: 2_000 }, (_, at) => round(at + 1, update(1, 1n, 1n)));
  const series = lossSeries(rounds, 500);
  expect(series).toHaveLength(500);
  expect([series[0]?.round, series.at(-1)?.round]).toEqual([1, 2_000]);
});
