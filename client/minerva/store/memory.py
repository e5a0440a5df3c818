"""A Store in a dictionary: whole rounds in one process, in milliseconds."""

from __future__ import annotations

import time
from threading import Condition

from minerva import __version__
from minerva.errors import ContentTooLarge, ContentUnavailable
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of
from minerva.store.port import StoreHealth


class MemoryStore:
    """Roles that share one instance see each other's bytes, as if each ran a node of one network.

    Parameters
    ----------
    waits
        Whether `get` and `pin` wait out their time for bytes that another thread may still put. A simulation
        on one thread says ``False``: there, what is missing now stays missing.
    """

    name = "memory"

    def __init__(self, *, waits: bool = True) -> None:
        self._waits = waits
        self._blocks: dict[Cid, bytes] = {}
        self._pins: set[Cid] = set()
        self._changed = Condition()

    def put(self, data: bytes) -> Cid:
        """Keep and pin ``data``; see `Store.put`."""
        cid = cid_of(data)
        with self._changed:
            self._blocks[cid] = bytes(data)
            self._pins.add(cid)
            self._changed.notify_all()
        return cid

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        """Return the bytes behind ``cid``; see `Store.get`."""
        data = self._await(cid, timeout)
        if len(data) > max_bytes:
            raise ContentTooLarge(f"{cid} holds {len(data)} bytes, {max_bytes} are allowed")
        return data

    def has(self, cid: Cid) -> bool:
        """Whether the bytes lie here; see `Store.has`."""
        return cid in self._blocks

    def pin(self, cid: Cid, *, timeout: float) -> None:
        """Keep ``cid`` through `collect`; see `Store.pin`."""
        self._await(cid, timeout, pin=True)

    def unpin(self, cid: Cid) -> None:
        """Allow `collect` to drop ``cid``; see `Store.unpin`."""
        with self._changed:
            self._pins.discard(cid)

    def collect(self) -> int:
        """Drop everything unpinned and return how many CIDs that were."""
        with self._changed:
            kept = {cid: data for cid, data in self._blocks.items() if cid in self._pins}
            dropped = len(self._blocks) - len(kept)
            self._blocks = kept
        return dropped

    def health(self) -> StoreHealth:
        """Report that all is well; see `Store.health`."""
        return StoreHealth(self.name, __version__, 0)

    def close(self) -> None:
        """Do nothing; see `Store.close`."""

    def _await(self, cid: Cid, timeout: float, *, pin: bool = False) -> bytes:
        deadline = time.monotonic() + (timeout if self._waits else 0)
        with self._changed:
            while (data := self._blocks.get(cid)) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ContentUnavailable(f"nobody put {cid} within {timeout:g} s")
                self._changed.wait(left)
            if pin:
                self._pins.add(cid)
        return data
