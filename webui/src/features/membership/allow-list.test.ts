import { expect, test } from "vitest";
import { cidOf, cidText } from "@/lib/cid";
import { type AllowList, evidenceOf, listText, parseList } from "./allow-list";
import vectors from "./vectors.json";

function listOf(text: string): AllowList {
  const list = parseList(text);
  if (typeof list === "string") throw new Error(list);
  return list;
}

test("a list has the root, the evidence and the bytes that the client gives it", async () => {
  for (const { text, root, published, cid, evidence } of vectors.lists) {
    const list = listOf(text);
    expect(list.root).toBe(root);
    expect(listText(list)).toBe(published);
    expect(cidText(await cidOf(new TextEncoder().encode(listText(list))))).toBe(cid);
    for (const { account, role, evidence: proof } of evidence) {
      expect(evidenceOf(list, account as `0x${string}`, role as 0 | 1)).toBe(proof);
    }
    expect(listOf(published)).toEqual(list);
  }
});

test("whoever is not on the list in this role has no evidence", () => {
  const account = "0x1111111111111111111111111111111111111111";
  const list = listOf(`${account} miner`);
  expect(evidenceOf(list, account, 1)).toBeNull();
  expect(evidenceOf(list, "0x2222222222222222222222222222222222222222", 0)).toBeNull();
});

test("what the client refuses is refused, with the place of the fault", () => {
  for (const text of vectors.wrong) expect(parseList(text), text).toBeTypeOf("string");
  expect(parseList("# all\n0x12 miner")).toContain("Line 2: 0x12 is no address");
});

test("a hostile list is told of in few letters, without what turns them", () => {
  const told = parseList(`\u202Egnp${"x".repeat(100_000)} <script>`);
  expect(told).toBeTypeOf("string");
  expect((told as string).length).toBeLessThan(200);
  expect(told).not.toContain("\u202E");
  expect(parseList('{"allowList": {"__proto__": 1}}')).toBeTypeOf("string");
  expect(parseList(`0x1111111111111111111111111111111111111111 constructor`)).toContain("is no role");
});
