"""What a miner signs of a candidate, and what two statements prove (docs/SPECIFICATION.md, S7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_account.signers.local import LocalAccount
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from minerva.protocol.header import Header
from minerva.protocol.records import Address

_FIELDS = {
    "federation": "address", "round": "uint32", "parent": "bytes32", "updatesRoot": "bytes32",
    "ballotsRoot": "bytes32", "candidate": "bytes32", "kind": "uint8",
}  # fmt: skip
STATEMENT_TYPE = f"Statement({','.join(f'{kind} {name}' for name, kind in _FIELDS.items())})"
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
DOMAIN_NAME, DOMAIN_VERSION = "Minerva", "1"
_STATEMENT_TYPEHASH = keccak(text=STATEMENT_TYPE)
_DOMAIN = (keccak(text=DOMAIN_TYPE), keccak(text=DOMAIN_NAME), keccak(text=DOMAIN_VERSION))
_HIGHEST_S = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2
"""Of the two forms that every signature has, contracts take the one with the lower ``s``."""


Branch = tuple[int, bytes, bytes, bytes]
"""A round on one branch of the chain: its number, the parent's hash, ``updatesRoot`` and ``ballotsRoot``."""


class StatementKind(IntEnum):
    """What is said of the candidate."""

    PROPOSED = 0
    APPROVED = 1
    REJECTED = 2


@dataclass(frozen=True, slots=True)
class Statement:
    """EIP-712 type `Statement`: ``candidate`` is the header's hash, the roots are those of its round."""

    federation: Address
    round: int
    parent: bytes
    updates_root: bytes
    ballots_root: bytes
    candidate: bytes
    kind: StatementKind

    @classmethod
    def of(cls, federation: Address, header: Header, kind: StatementKind) -> Statement:
        """Say ``kind`` of the candidate with this header."""
        return cls(federation, *branch_of(header), header.hash(), kind)

    @property
    def branch(self) -> Branch:
        """Where it was said."""
        return (self.round, self.parent, self.updates_root, self.ballots_root)

    def hash(self) -> bytes:
        """EIP-712 struct hash, 32 bytes."""
        values = (self.federation, *self.branch, self.candidate, self.kind)
        return keccak(_STATEMENT_TYPEHASH + encode(tuple(_FIELDS.values()), values))

    def contradicts(self, other: Statement) -> bool:
        """Whether both by one account are an offence.

        In the same round of the same branch, two candidates proposed, or one approved and rejected.
        """
        if (self.federation, self.branch) != (other.federation, other.branch):
            return False
        if self.candidate != other.candidate:
            return self.kind == other.kind == StatementKind.PROPOSED
        return {self.kind, other.kind} == {StatementKind.APPROVED, StatementKind.REJECTED}


def branch_of(header: Header) -> Branch:
    """Return where a candidate belongs."""
    return (header.round, header.parent, header.updates_root, header.ballots_root)


def domain_separator(chain_id: int, contract: Address) -> bytes:
    """Return the EIP-712 domain of a vault: what is signed for one is worth nothing to another."""
    types = ("bytes32", "bytes32", "bytes32", "uint256", "address")
    return keccak(encode(types, (*_DOMAIN, chain_id, contract)))


def statement_digest(statement: Statement, chain_id: int, vault: Address) -> bytes:
    """Return the 32 bytes that are signed."""
    return keccak(b"\x19\x01" + domain_separator(chain_id, vault) + statement.hash())


def sign_statement(statement: Statement, signer: LocalAccount, chain_id: int, vault: Address) -> bytes:
    """Sign ``statement`` for the federation's ``StakeVault``; 65 bytes, r, s and v."""
    return bytes(signer.sign_message(_message(statement, chain_id, vault)).signature)


def recover_signer(statement: Statement, signature: bytes, chain_id: int, vault: Address) -> Address | None:
    """Return the account that signed; None where a contract would not take the signature either."""
    return recover_account(_message(statement, chain_id, vault), signature)


def recover_account(message: SignableMessage, signature: bytes) -> Address | None:
    """Return the account that signed a message; None where a contract would not take the signature either."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    if int.from_bytes(signature[32:64]) > _HIGHEST_S:
        return None
    try:
        return str(Account.recover_message(message, signature=signature))
    except (BadSignature, ValidationError):
        return None


def _message(statement: Statement, chain_id: int, vault: Address) -> SignableMessage:
    return SignableMessage(b"\x01", domain_separator(chain_id, vault), statement.hash())
