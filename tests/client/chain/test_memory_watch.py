"""Logs and watches of the in-memory chain."""

from __future__ import annotations

import threading
import time

import pytest
from federation_driver import REQUESTER, Driver, make_config
from memory_scene import driver_of, opened

from minerva.chain.memory import START, MemoryChain
from minerva.protocol import actions as act
from minerva.protocol.events import FederationCreated, RoundOpened, UpdateSubmitted


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain()


@pytest.fixture
def driver(chain: MemoryChain) -> Driver:
    return opened(chain)


def test_logs_are_a_federations_own(chain: MemoryChain, driver: Driver) -> None:
    other = driver_of(chain)
    other.federation = next(
        log.event.federation
        for log in chain.actor(REQUESTER)
        .send(act.CreateFederation(chain.factory, make_config(chain.proof_of_work), "two"))
        .logs
        if isinstance(log.event, FederationCreated)
    )
    list(driver.play_round())
    emitters = {log.emitter for log in chain.logs(driver.federation)}
    contracts = {driver.contract(0), driver.contract(1)}
    assert not any(
        getattr(log.event, "federation", "") == other.federation for log in chain.logs(driver.federation)
    )
    assert emitters == {driver.federation, chain.factory, chain.proof_of_work, *contracts}
    assert len(chain.logs(other.federation)) == 5


def test_logs_are_in_chain_order_and_may_be_read_in_parts(chain: MemoryChain, driver: Driver) -> None:
    logs = chain.logs(driver.federation)
    positions = [(log.block_number, log.log_index) for log in logs]
    assert positions == sorted(set(positions))
    middle = positions[len(positions) // 2][0]
    first = chain.logs(driver.federation, to_block=middle)
    assert first + chain.logs(driver.federation, from_block=middle + 1) == logs


def test_a_watch_gives_the_back_fill_and_then_what_is_new(chain: MemoryChain, driver: Driver) -> None:
    with chain.watch(driver.federation) as watch:
        change = watch.wait(0)
        assert list(change.added) == chain.logs(driver.federation)
        assert (change.removed, change.head) == ((), chain.head())
        assert watch.wait(0).added == ()
        driver.submit(0)
        (log,) = watch.wait(0).added
        assert isinstance(log.event, UpdateSubmitted)


def test_a_watch_may_start_later(chain: MemoryChain, driver: Driver) -> None:
    opened = chain.head().number
    with chain.watch(driver.federation, from_block=opened) as watch:
        (log,) = watch.wait(0).added
        assert isinstance(log.event, RoundOpened)


def test_a_watch_wakes_when_another_thread_acts(chain: MemoryChain, driver: Driver) -> None:
    with chain.watch(driver.federation) as watch:
        watch.wait(0)
        threading.Timer(0.05, lambda: driver.submit(0)).start()
        (log,) = watch.wait(10).added
        assert isinstance(log.event, UpdateSubmitted)


def test_a_quiet_watch_returns_after_its_time_out(chain: MemoryChain, driver: Driver) -> None:
    with chain.watch(driver.federation) as watch:
        watch.wait(0)
        start = time.monotonic()
        change = watch.wait(0.05)
        assert 0.04 < time.monotonic() - start < 5
        assert (change.removed, change.added, change.head) == ((), (), chain.head())


def test_waking_a_watch_ends_its_wait(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    watch.wait(0)
    threading.Timer(0.05, watch.wake).start()
    start = time.monotonic()
    assert watch.wait(30).added == ()
    assert time.monotonic() - start < 10


def test_advancing_wakes_watches(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    watch.wait(0)
    threading.Timer(0.05, lambda: chain.advance(60)).start()
    assert watch.wait(30).head.timestamp == START + 60
