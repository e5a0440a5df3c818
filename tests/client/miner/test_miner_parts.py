"""Small parts: clock, workers, contents, events as JSON, sender, pulse."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from federation_driver import address, cid
from miner_scene import Scene, eventually

from minerva.config import MinerSection
from minerva.errors import ContentTooLarge, ContractReverted
from minerva.miner.broadcast import log_document, to_json
from minerva.miner.clock import ChainClock
from minerva.miner.contents import Contents
from minerva.miner.ledger import Ledger
from minerva.miner.pulse import Pulse
from minerva.miner.sender import Sender
from minerva.miner.settings import MinerSettings
from minerva.miner.workers import Workers
from minerva.protocol.actions import Tick
from minerva.protocol.events import BlockProposed, CandidateDropped, Log
from minerva.protocol.header import Header
from minerva.protocol.state import Drop
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore


def test_the_clock_believes_the_latest_time_it_saw() -> None:
    clock = ChainClock()
    clock.observe(1000)
    clock.observe(900)
    assert clock.now() == pytest.approx(1000, abs=0.5)
    clock.observe(1010)
    assert clock.now() == pytest.approx(1010, abs=0.5)
    clock.reset(500)
    assert clock.now() == pytest.approx(500, abs=0.5)


def test_workers_run_side_by_side_and_survive_faults() -> None:
    workers, barrier, done = Workers("test", 3), threading.Barrier(3, timeout=5), threading.Event()
    workers.submit(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    for _ in range(3):
        workers.submit(lambda: done.set() if barrier.wait() == 0 else None)
    assert done.wait(5)
    workers.stop()
    assert workers.join(5)


def test_workers_drop_what_waits_when_stopped() -> None:
    workers, gate, ran = Workers("test"), threading.Event(), []
    workers.submit(lambda: gate.wait(5) and None)  # type: ignore[func-returns-value]
    workers.submit(lambda: ran.append(1))
    workers.stop()
    gate.set()
    assert workers.join(5) and not ran


def test_contents_are_bounded_in_memory() -> None:
    store = MemoryStore(waits=False)
    contents = Contents(store, 1000)
    pieces = [bytes([number]) * 200 for number in range(10)]
    for piece in pieces:
        contents.put(cid_of(piece), piece)
    at_hand = [contents.at_hand(cid_of(piece)) is not None for piece in pieces]
    assert at_hand == [False] * 5 + [True] * 5
    assert contents.fetch(cid_of(pieces[0]), max_bytes=200, timeout=0) == (pieces[0], "memory")
    assert contents.fetch(cid_of(pieces[0]), max_bytes=200, timeout=0) == (pieces[0], "cache")
    large = bytes(300)
    contents.put(cid_of(large), large)
    assert contents.at_hand(cid_of(large)) is None
    with pytest.raises(ContentTooLarge):
        contents.fetch(cid_of(large), max_bytes=100, timeout=0)


def test_events_are_json_that_javascript_reads() -> None:
    header = Header(
        1,
        b"\1" * 32,
        1,
        b"\2" * 32,
        b"\3" * 32,
        b"\4" * 32,
        cid("body"),
        cid("model"),
        bytes(32),
        7,
        (8, 9),
        address(9),
        b"\5",
    )
    event = BlockProposed(1, 2, header.hash(), header, 5)
    document = log_document(Log(event, address(1), 7, b"\0" * 32, 0, 99, b"\0" * 32))
    assert document["event"] == "BlockProposed" and document["block"] == 7
    assert document["header"]["parent"] == "0x" + "01" * 32 and document["header"]["body"] == str(cid("body"))
    assert to_json(2**63) == str(2**63) and to_json(5) == 5 and to_json(True) is True
    assert to_json(CandidateDropped(1, 2, b"", Drop.TIMED_OUT))["reason"] == "TimedOut"


class Refusing:
    address = "0xA"

    def __init__(self) -> None:
        self.tried = 0

    def send(self, action: Any, *, timeout: float) -> Any:
        self.tried += 1
        raise ContractReverted("FederationNothingDue")


def test_what_was_refused_is_tried_again_later(tmp_path: Path) -> None:
    ledger = Ledger(":memory:", federation="f", chain_id=1, address="a")
    actor, done = Refusing(), threading.Event()
    settings = MinerSettings(tmp_path, retry_seconds=0.05, retry_most_seconds=0.2)
    sender = Sender(actor, ledger, settings, done.set)  # type: ignore[arg-type]
    tick = Tick("f", 1, 1)
    assert sender.send("tick", lambda: tick, 1)
    assert done.wait(5) and actor.tried == 1
    assert not sender.send("tick", lambda: tick, 1)
    eventually(lambda: sender.send("tick", lambda: tick, 1))
    eventually(lambda: actor.tried == 2)
    assert sender.problem == ""  # a revert is information
    assert [row["error"] != "" for row in ledger.rows("SELECT error FROM actions")] == [True, True]
    sender.forget()
    eventually(lambda: sender.send("tick", lambda: tick, 1))
    assert sender.stop(5)


def test_a_chain_that_fell_silent_is_told(scene: Scene, tmp_path: Path) -> None:
    settings = MinerSettings(tmp_path, sync_seconds=0.05, heartbeat_seconds=60)
    pulse = Pulse(
        scene.chain, scene.store, scene.federation, scene.driver.owner(0), settings, lambda now, due: None
    )
    assert not any(check.ok for check in pulse.checks())
    pulse.look()
    assert all(check.ok for check in pulse.checks())
    time.sleep(0.1)
    synced = pulse.checks()[0]
    assert not synced.ok and "has not answered" in synced.words


def test_whatever_the_chain_needs_is_kept_unless_told_otherwise() -> None:
    settings = MinerSettings(Path("a"))
    assert settings.retention_rounds == MinerSection().retention_rounds == 0
    assert settings.retention_models == 0


def test_settings_are_values() -> None:
    assert MinerSettings(Path("a")) == MinerSettings(Path("a"))
    assert all(value is not None for value in asdict(MinerSettings(Path("a"))).values())
