// Merkle trees as OpenZeppelin's StandardMerkleTree makes them (docs/SPECIFICATION.md, R6, Y5 and A1).
import { type AbiParameter, concat, encodeAbiParameters, type Hex, keccak256, zeroHash } from "viem";

export type Entry = readonly unknown[];

export class StandardTree {
  private readonly nodes: Hex[];
  private readonly places = new Map<Hex, number>();

  /** @param types ABI types of an entry. @param entries In any order; for none the root is zero. */
  constructor(
    private readonly types: readonly string[],
    entries: readonly Entry[],
  ) {
    const leaves = entries.map((entry) => standardLeaf(types, entry)).sort();
    this.nodes = merkleTree(leaves);
    leaves.forEach((leaf, index) => {
      this.places.set(leaf, 2 * leaves.length - 2 - index);
    });
  }

  get root(): Hex {
    return this.nodes[0] ?? zeroHash;
  }

  /** The siblings from an entry up to the root; null when the tree has no such entry. */
  proof(entry: Entry): Hex[] | null {
    const place = this.places.get(standardLeaf(this.types, entry));
    if (place === undefined) return null;
    const siblings: Hex[] = [];
    for (let at = place; at > 0; at = Math.floor((at - 1) / 2)) {
      siblings.push(this.nodes[at % 2 === 1 ? at + 1 : at - 1] ?? zeroHash);
    }
    return siblings;
  }
}

/** An entry's leaf: hashed twice, so that no inner node passes for one. */
export function standardLeaf(types: readonly string[], entry: Entry): Hex {
  const parameters: AbiParameter[] = types.map((type) => ({ type }));
  return keccak256(keccak256(encodeAbiParameters(parameters, [...entry])));
}

/** All nodes over leaves in their order, in OpenZeppelin's layout: the root first, leaf i of n at 2n − 2 − i. */
export function merkleTree(leaves: readonly Hex[]): Hex[] {
  const nodes = [...new Array<Hex>(Math.max(0, leaves.length - 1)).fill(zeroHash), ...leaves.toReversed()];
  for (let at = leaves.length - 2; at >= 0; at -= 1) {
    nodes[at] = parent(nodes[2 * at + 1] ?? zeroHash, nodes[2 * at + 2] ?? zeroHash);
  }
  return nodes;
}

/** Hashes of one length in lower case stand in the order of their bytes. */
function parent(one: Hex, other: Hex): Hex {
  return keccak256(one < other ? concat([one, other]) : concat([other, one]));
}
