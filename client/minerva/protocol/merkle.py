"""Merkle roots in OpenZeppelin's layout: `MerkleProof.verify` takes their proofs (SPECIFICATION.md, R6)."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from minerva.protocol.records import ZERO32


def merkle_tree(leaves: Sequence[bytes]) -> list[bytes]:
    """Return all 2n − 1 nodes, the root first, leaf i at 2n − 2 − i; one zero node for no leaves."""
    if not leaves:
        return [ZERO32]
    tree = [ZERO32] * (len(leaves) - 1) + list(reversed(leaves))
    for node in range(len(leaves) - 2, -1, -1):
        tree[node] = keccak(b"".join(sorted((tree[2 * node + 1], tree[2 * node + 2]))))
    return tree


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over ``leaves`` (32 bytes each, in order); 32 zero bytes for none."""
    return merkle_tree(leaves)[0]


def merkle_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings from leaf ``index`` up to the root."""
    tree, node = merkle_tree(leaves), 2 * len(leaves) - 2 - index
    proof = []
    while node:
        proof.append(tree[node + 1 if node % 2 else node - 1])
        node = (node - 1) // 2
    return proof
