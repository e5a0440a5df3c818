"""The Store port: content-addressed bytes. Roles depend on this, never on an IPFS client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from minerva.protocol.cid import Cid


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Whether a store answers: ``version`` of what serves it, ``peers`` it is connected to."""

    name: str
    version: str
    peers: int


class Store(Protocol):
    """Bytes by CID. Every implementation gives the same CID for the same bytes and checks what it returns."""

    @property
    def name(self) -> str:
        """``"kubo"``, ``"local"`` or ``"memory"``."""
        ...

    def put(self, data: bytes) -> Cid:
        """Add and pin; the CID is computed locally and compared with what the node says.

        Raises
        ------
        StoreUnreachable
            The node does not answer after its retries.
        StoreError
            The disk is full, or node and local computation disagree.
        """
        ...

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Fetch at most ``max_bytes`` bytes within ``timeout`` seconds, checked against ``cid``.

        Raises
        ------
        ContentUnavailable
            Nobody served it in time.
        ContentTooLarge
            It is longer than ``max_bytes``.
        ContentMismatch
            The bytes are others.
        StoreUnreachable
            The node does not answer.
        """
        ...

    def has(self, cid: Cid) -> bool:
        """Whether the bytes lie here already, so that `get` costs no network."""
        ...

    def pin(self, cid: Cid, *, timeout: float) -> None:
        """Keep these bytes through garbage collection; fetches them when they are not here."""
        ...

    def unpin(self, cid: Cid) -> None:
        """Allow these bytes to be collected; unknown CIDs are no error."""
        ...

    def health(self) -> StoreHealth:
        """Ask the store for its version; raises `StoreUnreachable`."""
        ...

    def close(self) -> None:
        """Release connections and files."""
        ...
