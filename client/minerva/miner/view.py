"""The miner as its HTTP API sees it: a port, so that either can be tested without the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from minerva.miner.broadcast import Broadcaster
from minerva.miner.ledger import Ledger
from minerva.miner.statement_book import StatementBook
from minerva.miner.status import Check, MinerStatus
from minerva.protocol.cid import Cid

if TYPE_CHECKING:
    from minerva.miner.canary import Canaries


class PushRefused(Exception):
    """A pushed update is not taken: the HTTP status, what is wrong, with which value, and what to do."""

    def __init__(self, status: int, error: str, *, value: object | None = None, remedy: str = "") -> None:
        super().__init__(error)
        self.status, self.error, self.value, self.remedy = status, error, value, remedy


class MinerView(Protocol):
    """What the API may ask of a miner, from any thread."""

    @property
    def ledger(self) -> Ledger:
        """What was seen, decided and paid."""
        ...

    @property
    def broadcaster(self) -> Broadcaster:
        """Where events come from."""
        ...

    @property
    def statements(self) -> StatementBook:
        """What was signed of candidates."""
        ...

    @property
    def canaries(self) -> Canaries:
        """What devices were asked of their training."""
        ...

    @property
    def status(self) -> MinerStatus:
        """Where the miner stands at this moment."""
        ...

    @property
    def max_content_bytes(self) -> int:
        """Longest update that the federation allows, with its envelope."""
        ...

    def checks(self) -> list[Check]:
        """Every condition of health."""
        ...

    def expect(self, cid: Cid) -> None:
        """Wait shortly for a record that commits to ``cid``; raises `PushRefused` unless it is wanted now."""
        ...

    def take(self, cid: Cid, content: bytes) -> None:
        """Take the content of a record in and keep it; raises `PushRefused`."""
        ...

    def kind_of(self, cid: Cid) -> str | None:
        """Tell what a CID that this miner serves is: ``manifest``, ``model``, ``body`` or ``update``."""
        ...

    def content(self, cid: Cid) -> bytes:
        """Return the bytes behind a known CID; raises `StoreError`."""
        ...
