import type { Address } from "viem";
import { expect, test } from "vitest";
import { parseRule } from "@/lib/aggregation";
import { faultsOf, type Place, warningsOf } from "./check";
import { type Draft, USUAL } from "./draft";
import { createCall } from "./encode";
import vectors from "./vectors.json";

const PLACE: Place = {
  modules: vectors.modules as unknown as Record<string, Address>,
  policies: vectors.policies as unknown as Record<string, Address>,
  stakeDecimals: 18,
  rewardDecimals: 18,
  task: null,
};
const TASK: Draft = { ...USUAL, manifest: vectors.manifest, model: vectors.model };

function draftOf(changes: object): Draft {
  return { ...TASK, ...changes };
}

function placeOf(draft: Draft): Place {
  const decimals = (key: string) => (draft[key] === vectors.token ? vectors.tokenDecimals : 18);
  return { ...PLACE, stakeDecimals: decimals("stakeToken"), rewardDecimals: decimals("rewardToken") };
}

test("the defaults are those of the client", () => {
  for (const [key, value] of Object.entries(vectors.defaults)) expect(USUAL[key], key).toBe(value);
});

test("the factory is called with the bytes that the client would send", () => {
  for (const { draft: changes, data } of vectors.made) {
    const draft = draftOf(changes);
    expect(faultsOf(draft, placeOf(draft)), JSON.stringify(changes)).toEqual({});
    const call = createCall(draft, placeOf(draft), vectors.factory as Address);
    expect(call?.data, JSON.stringify(changes)).toBe(data);
    expect([call?.to, call?.value]).toEqual([vectors.factory, 0n]);
  }
});

test("what the client refuses is refused at the same field, and nothing can be signed", () => {
  for (const { draft: changes, field } of vectors.refused) {
    const draft = draftOf(changes);
    const faults = faultsOf(draft, placeOf(draft));
    expect(Object.keys(faults), JSON.stringify(changes)).toContain(field);
    expect(createCall(draft, placeOf(draft), vectors.factory as Address)).toBeNull();
  }
});

test("a bound that another field sets is told by its name", () => {
  expect(faultsOf(draftOf({ minMiners: "17" }), PLACE).minMiners).toBe("It is from 1 to 16 (“Most miners”).");
  expect(faultsOf(draftOf({ fetchSeconds: "61" }), PLACE).fetchSeconds).toBe(
    "It is from 1 to 60 (half of “Verification”).",
  );
});

test("the task's aggregation rule needs enough devices, its model enough bytes", () => {
  const task = { rule: parseRule("krum:f=4") ?? [], genesisBytes: 5_000, confidential: true };
  const faults = faultsOf(draftOf({ minDevices: "10", maxModelBytes: "4999" }), { ...PLACE, task });
  expect(faults.minDevices).toContain("krum:f=4 needs at least 2 × 4 + 3 = 11 updates, and gets 10");
  expect(faults.maxModelBytes).toContain("4.9 KiB");
  expect(faultsOf(draftOf({ minDevices: "11" }), { ...PLACE, task })).toEqual({});
  expect(warningsOf(TASK, { ...PLACE, task }).join(" ")).toContain("sealed");
});

test("texts that are no numbers, sums, addresses or choices are refused", () => {
  for (const [key, values] of Object.entries({
    rounds: ["", "1.5", "-1", "1e3", "ten", "9".repeat(400), "٣"],
    rewardPerRound: ["0x10", "1,5", "<b>1</b>"],
    consensus: ["constructor", "", "toString"],
    policy: ["__proto__", "closed"],
    manifest: ["", "Qm123", `b${"a".repeat(58)}`, "javascript:alert(1)"],
  })) {
    for (const value of values)
      expect(faultsOf(draftOf({ [key]: value }), PLACE)[key], value).toBeTypeOf("string");
  }
  const token = { stake: "yes", stakeToken: vectors.token };
  expect(faultsOf(draftOf(token), { ...PLACE, stakeDecimals: undefined }).stakeToken).toContain(
    "no token at this address",
  );
  expect(faultsOf(draftOf(token), { ...PLACE, stakeDecimals: null }).stakeMinimum).toContain("decimals");
});

test("a list is needed where the policy keeps one", () => {
  expect(faultsOf(draftOf({ policy: "allow-list" }), PLACE).allowList).toContain("Nobody is on it");
  expect(faultsOf(draftOf({ policy: "allow-list", allowList: "0x12 miner" }), PLACE).allowList).toContain(
    "Line 1",
  );
});
