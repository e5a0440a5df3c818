from __future__ import annotations

import pytest

from minerva.errors import ContentUnavailable
from minerva.store import cid_of
from minerva.store.memory import MemoryStore


def test_does_not_wait_when_nobody_else_can_put() -> None:
    store = MemoryStore(waits=False)
    with pytest.raises(ContentUnavailable):
        store.get(cid_of(b"absent"), max_bytes=10, timeout=3600)


def test_collects_only_what_is_unpinned() -> None:
    store = MemoryStore()
    kept, dropped = store.put(b"kept"), store.put(b"dropped")
    store.unpin(dropped)
    assert store.collect() == 1
    assert store.has(kept)
    assert not store.has(dropped)


def test_what_is_put_does_not_change_with_the_buffer() -> None:
    store = MemoryStore()
    buffer = bytearray(b"before")
    cid = store.put(buffer)
    buffer[:] = b"after!"
    assert store.get(cid, max_bytes=6, timeout=0) == b"before"
