import { expect, test } from "vitest";
import { Phase, Status } from "@/generated/enums";
import { type Standing, waitsFor } from "./progress";

const NEEDS = { minMiners: 2, minDevices: 3, minUpdates: 2 };
const STATE: Standing = {
  status: Status.Running,
  phase: Phase.Training,
  round: 1,
  members: 7n,
  leaving: 0n,
  dormant: 0n,
  voters: 7n,
  voted: 1n,
  barred: 0n,
  approvals: 1n,
  rejections: 2n,
  devices: 3,
  height: 0,
  due: false,
};
const words = (change: Partial<Standing>, unfunded = false) =>
  waitsFor({ ...STATE, ...change }, NEEDS, 1, unfunded);

test("each phase tells what it waits for and who can act", () => {
  expect(words({}).what).toBe("local updates: 1 so far; at least 1 more");
  expect(words({ phase: Phase.Verification }).what).toBe("ballots: 1 of 3 miners");
  expect(words({ phase: Phase.Mining, barred: 1n }).who).toBe("2 miners that may propose");
  expect(words({ phase: Phase.Attestation }).what).toBe("attestations: 1 for and 1 against, of 3");
});

test("a federation that waits tells which need is not met", () => {
  const waiting = { status: Status.Waiting };
  expect(words({ ...waiting, members: 7n, dormant: 6n }).what).toBe("miners: 1 of 2");
  expect(words(waiting, true).what).toContain("escrow");
  expect(words(waiting).what).toContain("at least 3 (3 devices bound)");
});

test("what is due can be done by anyone, unless it is paused or over", () => {
  expect(words({ due: true }).who).toBe("anyone");
  expect(words({ due: true, status: Status.Paused }).what).toContain("pause");
  expect(words({ status: Status.Closed, height: 1 }).what).toBe("nothing: it is over, with 1 block");
});
