"""The list of who may join: its root, and each account's evidence (docs/SPECIFICATION.md, A1)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from eth_abi.abi import decode, encode

from minerva.errors import UserError
from minerva.protocol.merkle import StandardMerkleTree, standard_leaf, verify_proof
from minerva.protocol.records import Address

_TYPES = ("address", "uint8")
_WORD = 32
LISTED = ("allow-list", "allow-list-and-stake")
"""Names of the policies that keep a list."""


class Role(IntEnum):
    """What an account wants to be; values as in `IMembershipPolicy.Role`."""

    MINER = 0
    DEVICE = 1


class AllowList:
    """Who may join a federation, and as what; the order in which they are given does not matter."""

    def __init__(self, entries: Iterable[tuple[Address, Role]]) -> None:
        self.entries = frozenset(entries)
        self._tree = StandardMerkleTree(_TYPES, self.entries)

    @property
    def root(self) -> bytes:
        """What the policy keeps; 32 zero bytes for an empty list, by which nobody may join."""
        return self._tree.root

    def evidence(self, account: Address, role: Role) -> bytes:
        """Return what the account joins with; raises `UserError` when it is not on the list in this role."""
        if (account, role) not in self.entries:
            raise UserError(
                f"the account is not on the allow-list as a {role.name.lower()}",
                value=account,
                remedy="Ask the requester to add it.",
            )
        return encode(("bytes32[]",), (self._tree.proof((account, role)),))


def is_proven(root: bytes, account: Address, role: Role, evidence: bytes) -> bool:
    """Whether ``evidence`` proves that the account is on the list of this root in this role."""
    if len(evidence) < 2 * _WORD or len(evidence) % _WORD:
        return False
    offset, length = decode(("uint256", "uint256"), evidence)
    if offset != _WORD or length != len(evidence) // _WORD - 2:
        return False
    (proof,) = decode(("bytes32[]",), evidence)
    return verify_proof(root, standard_leaf(_TYPES, (account, role)), proof)
