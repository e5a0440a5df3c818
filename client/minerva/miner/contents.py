"""Bytes by CID: those at hand in memory first, then the store; and what must stay pinned."""

from __future__ import annotations

import threading
from collections import OrderedDict

from minerva.protocol.cid import Cid
from minerva.store.port import Store


class Contents:
    """The store behind a bounded memory of what was used last.

    Parameters
    ----------
    store
        Where everything is kept.
    cache_bytes
        Most that the memory holds; anything longer than a quarter of it is not remembered.
    """

    def __init__(self, store: Store, cache_bytes: int) -> None:
        self.store, self._room = store, cache_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Cid, bytes] = OrderedDict()
        self._used = 0

    def remember(self, cid: Cid, data: bytes) -> None:
        """Keep bytes that hash to ``cid`` at hand."""
        if 4 * len(data) > self._room:
            return
        with self._lock:
            if cid not in self._kept:
                self._kept[cid] = data
                self._used += len(data)
            self._kept.move_to_end(cid)
            while self._used > self._room:
                self._used -= len(self._kept.popitem(last=False)[1])

    def at_hand(self, cid: Cid) -> bytes | None:
        """Return the bytes if memory has them."""
        with self._lock:
            data = self._kept.get(cid)
            if data is not None:
                self._kept.move_to_end(cid)
            return data

    def fetch(self, cid: Cid, *, max_bytes: int, timeout: float) -> tuple[bytes, str]:
        """Return the bytes and whence: ``"cache"`` or the store's name; raises as `Store.get`."""
        data = self.at_hand(cid)
        if data is not None:
            return data, "cache"
        data = self.store.get(cid, max_bytes=max_bytes, timeout=timeout)
        self.remember(cid, data)
        return data, self.store.name

    def put(self, cid: Cid, data: bytes) -> None:
        """Remember bytes that hash to ``cid``, store and pin them; raises as `Store.put`."""
        self.remember(cid, data)
        self.store.put(data)
