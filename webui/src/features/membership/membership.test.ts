import { type Address, encodeAbiParameters, type Hex, zeroAddress, zeroHash } from "viem";
import { expect, test } from "vitest";
import type { NetworkConfig } from "@/lib/runtime";
import { parseList } from "./allow-list";
import { evidenceFault } from "./evidence-field";
import { faultOf } from "./stake-card";
import { keepsList, policyStake } from "./use-position";
import { readCommitment } from "./your-device";
import { endpointFault, keepingKey } from "./your-miner";

const POLICY = (number: number) => `0x${String(number).repeat(40)}` as Address;
const NETWORK = {
  policies: { "allow-list": POLICY(1), stake: POLICY(2), "allow-list-and-stake": POLICY(3) },
} as unknown as NetworkConfig;
const ROOT: Hex = `0x${"ab".repeat(32)}`;

test("a commitment is what the contract takes (M4)", () => {
  expect(readCommitment(` ${ROOT} `, "1797", "52000")).toEqual({ root: ROOT, size: 1797, rateNs: 52_000n });
  for (const [root, size, rate] of [
    [zeroHash, "1", "1"],
    ["0x12", "1", "1"],
    ["x", "1", "1"],
    [ROOT, "0", "1"],
    [ROOT, "4294967296", "1"],
    [ROOT, "1.5", "1"],
    [ROOT, "1", "0"],
    [ROOT, "1", "18446744073709551616"],
  ] as const) {
    expect(readCommitment(root, size, rate)).toBeTypeOf("string");
  }
});

test("what a policy wants staked stands at the end of its parameters (A1)", () => {
  const needs = encodeAbiParameters([{ type: "uint256" }, { type: "uint256" }], [7n, 2n ** 200n]);
  expect(policyStake({ policy: POLICY(2), policyParameters: needs }, NETWORK)).toEqual([7n, 2n ** 200n]);
  const both = `${ROOT}${needs.slice(2)}` as Hex;
  expect(policyStake({ policy: POLICY(3), policyParameters: both }, NETWORK)).toEqual([7n, 2n ** 200n]);
  expect(policyStake({ policy: POLICY(1), policyParameters: ROOT }, NETWORK)).toEqual([0n, 0n]);
  expect(policyStake({ policy: POLICY(2), policyParameters: "0x" }, NETWORK)).toEqual([0n, 0n]);
  expect([1, 2, 3].map((number) => keepsList({ policy: POLICY(number) }, NETWORK))).toEqual([
    true,
    false,
    true,
  ]);
  expect(keepsList({ policy: zeroAddress }, NETWORK)).toBe(false);
});

test("an endpoint is an address that devices can call, or nothing", () => {
  for (const good of ["", "https://miner.example:8650", "http://127.0.0.1:8650"])
    expect(endpointFault(good)).toBeNull();
  for (const bad of ["javascript:alert(1)", "miner.example", `https://${"x".repeat(300)}`, "ftp://a"]) {
    expect(endpointFault(bad)).toBeTypeOf("string");
  }
});

test("a miner that moves keeps its sealing key published (Q2)", () => {
  const key = `#seal=${"A".repeat(43)}`;
  expect(keepingKey("https://new.example", `https://old.example${key}`)).toBe(`https://new.example${key}`);
  expect(keepingKey("https://new.example", "https://old.example")).toBe("https://new.example");
  expect(keepingKey("https://new.example", "https://old.example#seal=<script>")).toBe("https://new.example");
});

test("a list that is not the present one, or lacks the account, is told of before anything is signed", () => {
  const account = POLICY(4);
  const list = parseList(`${account} device`);
  if (typeof list === "string") throw new Error(list);
  expect(evidenceFault(list, list.root, account, 1)).toBeNull();
  expect(evidenceFault(list, list.root, account, 0)).toContain("not on it as a miner");
  expect(evidenceFault(list, ROOT, account, 1)).toContain("not the federation's present list");
});

test("a sum is judged once it was typed", () => {
  expect(faultOf("", "Write a sum")).toBeUndefined();
  expect(faultOf("x", "Write a sum")).toBe("Write a sum");
  expect(faultOf("0", 0n)).toBe("It is more than nothing.");
  expect(faultOf("1", 1n)).toBeUndefined();
});
