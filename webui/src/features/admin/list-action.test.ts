import { zeroHash } from "viem";
import { expect, test } from "vitest";
import { type AllowList, parseList } from "@/features/membership/allow-list";
import { extended } from "./list-action";

const A = `0x${"1".repeat(40)}`;
const B = `0x${"2".repeat(40)}`;

function listOf(text: string): AllowList {
  const list = parseList(text);
  if (typeof list === "string") throw new Error(list);
  return list;
}

test("who comes to the list is on the next one beside those who were", () => {
  const present = listOf(`${A} miner`);
  const next = extended(present, present.root, `${B} node`);
  expect(next).toEqual(listOf(`${A} miner\n${B} miner\n${B} device`));
});

test("nothing replaces a list that is not the present one, so that nobody is dropped by mistake", () => {
  expect(extended(listOf(`${A} miner`), zeroHash, `${B} device`)).toBeNull();
  expect(extended(null, zeroHash, `${B} device`)).toBeNull();
});

test("lines that are none, and members that are there already, are told", () => {
  const present = listOf(`${A} miner`);
  expect(extended(present, present.root, "")).toBeNull();
  expect(extended(present, present.root, "somebody")).toContain("Line 1");
  expect(extended(present, present.root, `${A} miner`)).toContain("already");
});
