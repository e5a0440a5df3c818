"""What every Store does alike, so that roles need not know which one they hold."""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from minerva.errors import ContentTooLarge, ContentUnavailable
from minerva.protocol.cid import DAG_PB, Cid
from minerva.store import Store, cid_of

MIB = 1 << 20
SIZES = [0, 1, 20_000, MIB - 1, MIB, MIB + 1, 10 * MIB, *random.Random(7).sample(range(5 * MIB), 4)]
SLACK = 5.0  # seconds: a busy machine is no fault of the store


@pytest.mark.parametrize("size", SIZES)
def test_gives_back_what_was_put_under_the_cid_of_the_bytes(store: Store, size: int) -> None:
    data = os.urandom(size)
    cid = store.put(data)
    assert cid == cid_of(data)
    assert store.has(cid)
    assert store.get(cid, max_bytes=size, timeout=10) == data


def test_putting_twice_gives_the_same_cid(store: Store) -> None:
    data = os.urandom(1000)
    assert store.put(data) == store.put(data)
    assert store.get(cid_of(data), max_bytes=1000, timeout=10) == data


@pytest.mark.parametrize("size", [1, 1000, MIB + 1])
def test_refuses_content_longer_than_allowed(store: Store, size: int) -> None:
    cid = store.put(os.urandom(size))
    with pytest.raises(ContentTooLarge):
        store.get(cid, max_bytes=size - 1, timeout=10)


@pytest.mark.parametrize("codec", [0x55, DAG_PB])
def test_absent_content_costs_its_deadline_and_no_more(store: Store, codec: int) -> None:
    absent = Cid(os.urandom(32), codec)
    assert not store.has(absent)
    for ask in (
        lambda: store.get(absent, max_bytes=1000, timeout=0.3),
        lambda: store.pin(absent, timeout=0.3),
    ):
        before = time.monotonic()
        with pytest.raises(ContentUnavailable):
            ask()
        assert time.monotonic() - before < 0.3 + SLACK


def test_waits_for_content_that_comes_before_the_deadline(store: Store) -> None:
    data = os.urandom(1000)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(store.get, cid_of(data), max_bytes=1000, timeout=30)
        store.put(data)
        assert waiting.result() == data


def test_pins_and_unpins_what_it_has(store: Store) -> None:
    cid = store.put(os.urandom(1000))
    store.pin(cid, timeout=10)
    store.unpin(cid)
    store.pin(cid, timeout=10)
    assert store.has(cid)


def test_unpinning_the_unpinned_and_the_unknown_is_no_error(store: Store) -> None:
    cid = store.put(os.urandom(1000))
    store.unpin(cid)
    store.unpin(cid)
    store.unpin(Cid(os.urandom(32)))


def test_many_threads_put_and_get_at_once(store: Store) -> None:
    updates = [os.urandom(20_000) for _ in range(40)]
    with ThreadPoolExecutor(16) as threads:
        cids = list(threads.map(store.put, updates))
        got = list(threads.map(lambda cid: store.get(cid, max_bytes=20_000, timeout=30), cids))
    assert got == updates


def test_reports_its_name_and_version(store: Store) -> None:
    health = store.health()
    assert health.name == store.name
    assert health.version
    assert health.peers == 0


def test_closes_twice(store: Store) -> None:
    store.put(b"once")
    store.close()
    store.close()
