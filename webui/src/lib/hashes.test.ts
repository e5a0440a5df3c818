import type { Address } from "viem";
import { expect, test } from "vitest";
import { address, cid, headerFrom, hex, updateFrom, VECTORS } from "./block-vectors";
import { genesisHash, headerHash, updateLeaf } from "./hashes";
import { meets, workOf } from "./proof-of-work";
import { ballotsRoot, merkleRoot, rewardsRoot, updatesRoot, ZERO32 } from "./roots";

const { scene } = VECTORS;
const federation = address(scene.federation);

test.each(scene.blocks)("R7: the hash of block $header.number is the client's", (block) => {
  const header = headerFrom(block.header);
  expect(headerHash(header)).toBe(block.hash);
  expect(headerHash({ ...header, rewardsTotal: header.rewardsTotal + 1n })).not.toBe(block.hash);
});

test("R8: the genesis is the client's", () => {
  expect(genesisHash(scene.chainId, federation, cid(scene.manifest), cid(scene.model))).toBe(scene.genesis);
});

test.each(VECTORS.updates)(
  "R1: the leaf of an update is the client's, also with the largest numbers",
  (known) => {
    const { update, leaf } = known;
    expect(updateLeaf(address(update.federation), update.round, updateFrom(update))).toBe(leaf);
  },
);

test("P2 and P3: the roots of pools and ballots are the client's", () => {
  const [, block] = scene.blocks;
  const pools = [0, 1, 2].map((index) =>
    scene.round.updates
      .filter(({ minerIndex }) => minerIndex === index)
      .map((update) => updateLeaf(federation, 2, updateFrom(update))),
  );
  expect(updatesRoot(pools)).toBe(block?.header.updatesRoot);
  const cast: Record<string, string> = scene.round.ballots;
  const ballots = ["0", "1", "2"].map((index) => (cast[index] === undefined ? null : hex(cast[index])));
  expect(ballotsRoot(ballots)).toBe(block?.header.ballotsRoot);
});

test.each(VECTORS.merkle)("R6: the root over $leaves.length leaves is the client's", ({ leaves, root }) => {
  expect(merkleRoot(leaves.map(hex))).toBe(root);
});

test.each(VECTORS.rewards)("Y5: the root over what accounts earned is the client's", ({ earned, root }) => {
  const entries = Object.entries(earned).map(([account, amount]): [Address, bigint] => [
    address(account),
    BigInt(amount),
  ]);
  expect(rewardsRoot(entries)).toBe(root);
  expect(rewardsRoot([...entries.toReversed(), [federation, 0n]])).toBe(root);
  if (entries.length > 0) expect(root).not.toBe(ZERO32);
});

test("W1: the nonce that the client found meets the target, another one does not", () => {
  const [block] = scene.blocks;
  if (block === undefined) throw new Error("no block");
  const header = headerFrom(block.header);
  const work = workOf(scene.chainId, federation, header, BigInt(scene.difficulty));
  expect(work !== null && meets(work)).toBe(true);
  const other = workOf(scene.chainId, federation, { ...header, round: 9 }, 2n ** 48n);
  expect(other !== null && meets(other)).toBe(false);
  expect(workOf(scene.chainId, federation, { ...header, proof: "0x" }, 1n)).toBeNull();
  expect(workOf(scene.chainId, federation, header, 0n)).toBeNull();
});
