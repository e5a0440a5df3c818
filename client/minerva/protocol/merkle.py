"""Merkle trees in OpenZeppelin's layout: `MerkleProof.verify` takes their proofs (SPECIFICATION.md, R6).

`StandardMerkleTree` is that of the npm package `@openzeppelin/merkle-tree` (Y5 and A1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from minerva.protocol.records import ZERO32

Value = tuple[object, ...]
"""An entry of a standard tree, one Python value for each ABI type."""


def merkle_tree(leaves: Sequence[bytes]) -> list[bytes]:
    """Return all 2n − 1 nodes, the root first, leaf i at 2n − 2 − i; one zero node for no leaves."""
    if not leaves:
        return [ZERO32]
    tree = [ZERO32] * (len(leaves) - 1) + list(reversed(leaves))
    for node in range(len(leaves) - 2, -1, -1):
        tree[node] = _parent(tree[2 * node + 1], tree[2 * node + 2])
    return tree


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over ``leaves`` (32 bytes each, in order); 32 zero bytes for none."""
    return merkle_tree(leaves)[0]


def merkle_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings from leaf ``index`` up to the root."""
    return _siblings(merkle_tree(leaves), 2 * len(leaves) - 2 - index)


def verify_proof(root: bytes, leaf: bytes, proof: Iterable[bytes]) -> bool:
    """Whether ``proof`` shows that ``leaf`` is under ``root``."""
    node = leaf
    for sibling in proof:
        node = _parent(node, sibling)
    return node == root


def standard_leaf(types: Sequence[str], value: Value) -> bytes:
    """Return the leaf of ``value``, hashed twice so that no inner node passes for one."""
    return keccak(keccak(encode(types, value)))


class StandardMerkleTree:
    """The tree over ``values``, its leaves sorted: the same whatever the order in which they are given.

    Parameters
    ----------
    types
        ABI types of an entry, e.g. ``("address", "uint256")``.
    values
        The entries; for none the root is zero.
    """

    def __init__(self, types: Sequence[str], values: Iterable[Value]) -> None:
        self._types = tuple(types)
        leaves = sorted(standard_leaf(self._types, value) for value in values)
        self._nodes = {leaf: 2 * len(leaves) - 2 - index for index, leaf in enumerate(leaves)}
        self._tree = merkle_tree(leaves)

    @property
    def root(self) -> bytes:
        """The root; 32 zero bytes for a tree without entries."""
        return self._tree[0]

    def proof(self, value: Value) -> list[bytes]:
        """Return the siblings from ``value`` up to the root; raises `KeyError` when it is no entry."""
        return _siblings(self._tree, self._nodes[standard_leaf(self._types, value)])

    def verify(self, value: Value, proof: Iterable[bytes]) -> bool:
        """Whether ``proof`` shows that ``value`` is an entry."""
        return verify_proof(self.root, standard_leaf(self._types, value), proof)


def _parent(one: bytes, other: bytes) -> bytes:
    return keccak(one + other if one < other else other + one)


def _siblings(tree: Sequence[bytes], node: int) -> list[bytes]:
    proof = []
    while node:
        proof.append(tree[node + 1 if node % 2 else node - 1])
        node = (node - 1) // 2
    return proof
