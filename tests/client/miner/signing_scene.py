"""A federation in memory whose miners have keys and a stake vault to sign for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from federation_driver import Driver, address, cid
from miner_scene import Scene

from minerva.chain.memory import MemoryActor, MemoryChain
from minerva.protocol.events import Attested, BlockProposed
from minerva.protocol.evidence import Signed
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.statements import Statement, StatementKind, sign_statement

VAULT = address(0x5A)
TERMS = StakeTerms(unit=1, evidence_seconds=3600, equivocation_bps=5000, reporter_bps=1000)
"""No minimum: nobody need deposit anything to sign."""
KEYS: list[LocalAccount] = [Account.from_key((0x1000 + number).to_bytes(32)) for number in range(8)]
FEDERATION, CHAIN_ID = address(0xFED), 31337
HEADER = Header(
    1, b"\1" * 32, 1, b"\2" * 32, b"\3" * 32, b"\4" * 32, cid("body"), cid("model"), bytes(32), 0, (),
    address(0xC0), b"one nonce",
)  # fmt: skip
OTHER = replace(HEADER, proof=b"another nonce")


def signed(
    number: int,
    kind: StatementKind,
    header: Header = HEADER,
    *,
    federation: Address = FEDERATION,
    chain_id: int = CHAIN_ID,
    vault: Address = VAULT,
    **changes: Any,
) -> Signed:
    """What key ``number`` says of a candidate."""
    statement = replace(Statement.of(federation, header, kind), **changes)
    return Signed(KEYS[number].address, statement, sign_statement(statement, KEYS[number], chain_id, vault))


class KeyChain(MemoryChain):
    """A chain whose accounts have the keys of `KEYS`."""

    def actor(self, address: Address, key: LocalAccount | None = None) -> MemoryActor:
        known = next((key for key in KEYS if key.address == address), None)
        return super().actor(address, key or known)


class KeyDriver(Driver):
    """Owners are the accounts of `KEYS`."""

    @staticmethod
    def owner(number: int) -> Address:
        return KEYS[number].address


class SigningScene(Scene):
    """As `Scene`, with keys."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(
            folder,
            chain=KeyChain(clock=options.pop("clock", None)),
            **{"driver": KeyDriver, "stake": TERMS, **options},
        )

    @property
    def vault(self) -> Address:
        """Where its miners stake."""
        stakes = self.chain.stakes(self.federation)
        assert stakes is not None
        return stakes.vault

    def events(self, kind: type) -> list[Any]:
        """Events of a kind that the chain has now."""
        return [log.event for log in self.chain.logs(self.federation) if isinstance(log.event, kind)]

    def proposed(self) -> list[bytes]:
        """Hashes of the candidates on the chain, in their order."""
        return [event.hash for event in self.events(BlockProposed)]

    def attested(self, index: int) -> list[bool]:
        """What a miner said on the chain."""
        return [event.approve for event in self.events(Attested) if event.index == index]

    def said(self, number: int) -> list[Signed]:
        """What a running miner signed itself."""
        book = self.running[number].miner.statements
        account = self.driver.owner(number)
        return [s for round_ in range(1, 9) for s in book.of_round(round_) if s.account == account]


MakeSigning = Callable[..., SigningScene]
