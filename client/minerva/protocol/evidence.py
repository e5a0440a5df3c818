"""Signed statements as JSON, and two of them as evidence (docs/SPECIFICATION.md, S7).

``{account, federation, round, parent, updatesRoot, ballotsRoot, candidate, kind, signature}``: addresses and bytes
as hex with ``0x``, ``kind`` as PROPOSED, APPROVED or REJECTED. Evidence is
``{chainId, vault, statements: [first, second]}``. Both come from strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from minerva.protocol.records import Address
from minerva.protocol.statements import Statement, StatementKind, recover_signer

MOST_SIGNATURE_BYTES = 1024
"""Of a key's 65 bytes are enough; a smart account may want more."""
_MOST_ROUND = (1 << 32) - 1
_FIELDS = frozenset(
    (
        "account",
        "federation",
        "round",
        "parent",
        "updatesRoot",
        "ballotsRoot",
        "candidate",
        "kind",
        "signature",
    )
)


class Malformed(ValueError):
    """A document is no signed statement, or no evidence: what is wrong, in words."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A statement and whose it is said to be."""

    account: Address
    statement: Statement
    signature: bytes

    def by_key(self, chain_id: int, vault: Address) -> bool:
        """Whether the account's key signed it; a smart account's signature is for its contract to judge."""
        return recover_signer(self.statement, self.signature, chain_id, vault) == self.account

    def document(self) -> dict[str, Any]:
        """Make a JSON object."""
        s = self.statement
        return {
            "account": self.account, "federation": s.federation, "round": s.round, "parent": _hex(s.parent),
            "updatesRoot": _hex(s.updates_root), "ballotsRoot": _hex(s.ballots_root),
            "candidate": _hex(s.candidate), "kind": s.kind.name, "signature": _hex(self.signature),
        }  # fmt: skip

    @classmethod
    def parse(cls, document: object) -> Signed:
        """Read a JSON object; raises `Malformed`."""
        if not isinstance(document, Mapping) or set(document) != _FIELDS:
            raise Malformed("not an object with the fields of a signed statement")
        kind, round_ = document["kind"], document["round"]
        if kind not in StatementKind.__members__:
            raise Malformed(f"no kind of statement: {ascii(kind)[:60]}")
        if type(round_) is not int or not 0 <= round_ <= _MOST_ROUND:
            raise Malformed("a round that is no round")
        names = ("parent", "updatesRoot", "ballotsRoot", "candidate")
        parent, updates, ballots, candidate = (read_bytes(document[name], 32) for name in names)
        statement = Statement(
            _address(document["federation"]), round_, parent, updates, ballots, candidate, StatementKind[kind]
        )
        return cls(_address(document["account"]), statement, read_bytes(document["signature"], None))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements of one account, for one vault."""

    chain_id: int
    vault: Address
    first: Signed
    second: Signed

    @property
    def account(self) -> Address:
        """Who is accused."""
        return self.first.account

    @property
    def round(self) -> int:
        """Of which round."""
        return self.first.statement.round

    def objection(self) -> str:
        """Why this is no evidence, as far as the statements alone tell; empty when nothing is against it."""
        if self.first.account != self.second.account:
            return "the statements are of two accounts"
        if not self.first.statement.contradicts(self.second.statement):
            return "the statements do not contradict each other"
        return ""

    def document(self) -> dict[str, Any]:
        """Make a JSON object."""
        statements = [self.first.document(), self.second.document()]
        return {"chainId": self.chain_id, "vault": self.vault, "statements": statements}

    @classmethod
    def parse(cls, document: object) -> Evidence:
        """Read a JSON object; raises `Malformed`."""
        if not isinstance(document, Mapping) or set(document) != {"chainId", "vault", "statements"}:
            raise Malformed("not an object with the fields chainId, vault and statements")
        chain_id, statements = document["chainId"], document["statements"]
        if type(chain_id) is not int or chain_id < 1:
            raise Malformed("a chainId that is none")
        if not isinstance(statements, list) or len(statements) != 2:
            raise Malformed("statements must be two")
        first, second = (Signed.parse(statement) for statement in statements)
        return cls(chain_id, _address(document["vault"]), first, second)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _address(value: object) -> Address:
    if not isinstance(value, str) or not value.startswith("0x") or not is_address(value):
        raise Malformed(f"no address: {ascii(value)[:60]}")
    return str(to_checksum_address(value))


def read_bytes(value: object, length: int | None) -> bytes:
    """Read hex; without a ``length``, of as many bytes as a signature may have; raises `Malformed`."""
    most = MOST_SIGNATURE_BYTES if length is None else length
    if isinstance(value, str) and value.startswith("0x") and value.isascii() and len(value) <= 2 + 2 * most:
        try:
            data = bytes.fromhex(value[2:])
        except ValueError:
            data = None
        if data is not None and 2 + 2 * len(data) == len(value) and length in (None, len(data)):
            return data
    raise Malformed(f"not {length or 'some'} bytes in hex: {ascii(value)[:60]}")
