// What each account earned by the tables of all blocks, and the proof of it that a claim shows (Y5 and Y7).
import { type Address, getAddress, type Hex, isAddress } from "viem";
import type { Federation } from "@/features/federation/records";
import { MOST_ENTRIES } from "@/lib/body";
import { asObject, field, parseObject } from "@/lib/json";
import { StandardTree } from "@/lib/standard-tree";
import { factsOf, grantsOf, type RewardTerms, tableOf } from "./table";

export type Earned = ReadonlyMap<Address, bigint>;

const TYPES = ["address", "uint256"];

/** Sums by account, derived from the rounds alone. */
export function earnedByRounds(federation: Federation, terms: RewardTerms, sampleCap: number): Earned {
  const earned = new Map<Address, bigint>();
  for (const round of federation.rounds) {
    const facts = factsOf(federation, round, sampleCap);
    if (facts === null) continue;
    for (const [account, amount] of grantsOf(tableOf(facts, terms))) {
      earned.set(account, (earned.get(account) ?? 0n) + amount);
    }
  }
  return earned;
}

/** Sums by account as a block's body states them; null when it is none of that form. */
export function earnedByBody(data: Uint8Array): Earned | null {
  const stated = asObject(field(parseObject(data), "earned"));
  if (stated === null) return null;
  const entries = Object.entries(stated);
  if (entries.length > MOST_ENTRIES) return null;
  const earned = new Map<Address, bigint>();
  for (const [account, amount] of entries) {
    const sound = isAddress(account) && typeof amount === "string" && /^[1-9][0-9]{0,38}$/.test(amount);
    if (!sound) return null;
    earned.set(getAddress(account), BigInt(amount));
  }
  return earned;
}

export function earnedRoot(earned: Earned): Hex {
  return treeOf(earned).root;
}

/** The proof of an account's sum; null when it never earned anything. */
export function earnedProof(earned: Earned, account: Address): Hex[] | null {
  const amount = earned.get(account);
  return amount === undefined ? null : treeOf(earned).proof([account, amount]);
}

function treeOf(earned: Earned): StandardTree {
  return new StandardTree(TYPES, [...earned]);
}
