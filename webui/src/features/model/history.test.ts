import { expect, test } from "vitest";
import type { Block, Round, Update } from "@/features/federation/records";
import type { Cid } from "@/lib/cid";
import { modelsOf } from "./history";

const cid = (byte: string): Cid => ({ digest: `0x${byte.repeat(32)}`, codec: 85 });
const block = (number: number, round: number, model: Cid) =>
  ({ number, round, header: { model }, finalized: { time: 100 + round } }) as unknown as Block;

function round(number: number, lossBefore: bigint | null): Round {
  const update = { samples: 1, lossBefore, lossAfter: 0n, outcome: { accepted: true } } as unknown as Update;
  return { number, updates: lossBefore === null ? [] : [update] } as unknown as Round;
}

test("a model's loss is what the devices that begin with it report, skipped rounds in between or not", () => {
  const rounds = [round(1, 900_000n), round(2, null), round(3, 500_000n), round(4, 400_000n)];
  const blocks = [block(1, 1, cid("11")), block(2, 3, cid("11"))];
  expect(modelsOf({ blocks, rounds }, cid("00"))).toEqual([
    { block: 0, round: 0, cid: cid("00"), carried: false, time: 0, loss: 0.9 },
    { block: 1, round: 1, cid: cid("11"), carried: false, time: 101, loss: 0.5 },
    { block: 2, round: 3, cid: cid("11"), carried: true, time: 103, loss: 0.4 },
  ]);
  expect(modelsOf({ blocks: [], rounds: [] }, cid("00"))[0]?.loss).toBeNull();
});
