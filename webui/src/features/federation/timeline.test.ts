import { expect, test } from "vitest";
import { Phase, Status } from "@/generated/enums";
import { STEPS } from "@/lib/phases";
import { isActive } from "./timeline";

const active = (status: Status, phase: Phase) =>
  STEPS.flatMap((step, at) => (isActive(step, { status, phase }) ? [at + 1] : []));

test("every step has its time: the last two are those of a federation that waits after a block", () => {
  expect(active(Status.Waiting, Phase.Pending)).toEqual([1]);
  expect(active(Status.Running, Phase.Training)).toEqual([2, 3]);
  expect(active(Status.Running, Phase.Attestation)).toEqual([6]);
  expect(active(Status.Waiting, Phase.Finalized)).toEqual([7, 8]);
  expect(active(Status.Waiting, Phase.Skipped)).toEqual([]);
  expect(active(Status.Closed, Phase.Finalized)).toEqual([]);
});
