import { expect, test } from "vitest";
import { Status } from "@/generated/enums";
import { matching } from "./search";
import type { Summary } from "./use-summaries";

function summary(address: string, status: number | null, title: string): Summary {
  const entry = { address, requester: "0xRequester", manifest: { digest: "0x", codec: 85 }, created: {} };
  return { entry, status, title, task: "digits" } as unknown as Summary;
}

const READ = summary("0xAA", Status.Running, "Handwritten digits");
const OLDER = summary("0xBB", null, "");
const ALL = [READ, OLDER];

test("one that was not asked about yet is found by its addresses, and by no status", () => {
  expect(matching(ALL, "", "all")).toEqual(ALL);
  expect(matching(ALL, "0xbb", "all")).toEqual([OLDER]);
  expect(matching(ALL, "requester", "all")).toEqual(ALL);
  expect(matching(ALL, "", "running")).toEqual([READ]);
  expect(matching(ALL, "digits 0xaa", "all")).toEqual([READ]);
  expect(matching(ALL, "handwritten", "closed")).toEqual([]);
});
