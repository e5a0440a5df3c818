// The roots that a header carries: of pools, of ballots, of accepted updates and of rewards (R2, R6, P2, P3, Y5).
import { type Address, concatHex, type Hex, keccak256 } from "viem";
import { merkleTree, StandardTree } from "./standard-tree";

export const ZERO32: Hex = `0x${"00".repeat(32)}`;

const ENTRY = ["address", "uint256"] as const;

/** R2: the running hash of one miner's pool. */
export function poolHead(leaves: readonly Hex[]): Hex {
  return leaves.reduce((head, leaf) => keccak256(concatHex([head, leaf])), ZERO32);
}

/** P2: over the leaves of each pool, the pools of the snapshot's miners in index order. */
export function updatesRoot(pools: readonly (readonly Hex[])[]): Hex {
  return keccak256(concatHex(pools.map(poolHead)));
}

/** P3: over the verdicts of each voter in index order; null for one that did not vote. */
export function ballotsRoot(ballots: readonly (Hex | null)[]): Hex {
  return keccak256(concatHex(ballots.map((verdicts) => (verdicts === null ? ZERO32 : keccak256(verdicts)))));
}

/** R6: a Merkle root in OpenZeppelin's layout; zero for no leaves. */
export function merkleRoot(leaves: readonly Hex[]): Hex {
  return merkleTree(leaves)[0] ?? ZERO32;
}

/** Y5: over what each account has earned so far; nobody with nothing. */
export function rewardsRoot(earned: Iterable<readonly [Address, bigint]>): Hex {
  return new StandardTree(
    ENTRY,
    [...earned].filter(([, amount]) => amount > 0n),
  ).root;
}
