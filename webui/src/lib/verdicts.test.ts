import { expect, test } from "vitest";
import { ACCEPT, decide, reasonWords, verdictWords } from "./verdicts";

const ballots = (...cast: [number, number][]) => cast.map(([verdict, weight]) => ({ verdict, weight }));

test("R5: more than half of the weight that voted accepts", () => {
  expect(decide(ballots([ACCEPT, 1], [20, 1]))).toEqual({ accepted: false, quality: 0, reason: 20 });
  expect(decide(ballots([ACCEPT, 2], [20, 1]))).toEqual({ accepted: true, quality: 191, reason: 0 });
  expect(decide(ballots([ACCEPT, 1], [20, 3], [ACCEPT, 1]))).toMatchObject({ accepted: false, reason: 20 });
});

test("R5: the quality is the weighted lower median of the accepting scores", () => {
  expect(decide(ballots([74, 1], [84, 1], [94, 1])).quality).toBe(20);
  expect(decide(ballots([74, 3], [84, 1], [94, 1])).quality).toBe(10);
});

test("R5: of reasons the heaviest counts, the lowest where they are as heavy", () => {
  expect(decide(ballots([20, 1], [12, 1])).reason).toBe(12);
  expect(decide(ballots([20, 2], [12, 1])).reason).toBe(20);
  expect(decide([])).toEqual({ accepted: false, quality: 0, reason: 0 });
});

test("reasons are words, also those of a later version", () => {
  expect(reasonWords(20)).toBe("it is a copy of an earlier update of the round");
  expect(reasonWords(63)).toContain("unknown to this version");
  expect(verdictWords(ACCEPT)).toBe("accepted");
  expect(verdictWords(254)).toBe("accepted, quality 190 of 190");
});
