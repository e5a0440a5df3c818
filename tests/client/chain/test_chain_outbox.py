"""The outbox file and the lock on a key."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from minerva.chain.outbox import Entry, KeyLock, Outbox
from minerva.errors import ConfigError, NodeConflict, WrongChain

GENESIS, ACCOUNT = b"\1" * 32, "0x90F79bf6EB2c4f870365E785982E1f101E93b906"


def open_outbox(folder: Path, genesis: bytes = GENESIS, account: str = ACCOUNT) -> Outbox:
    return Outbox(folder / "outbox.sqlite", genesis=genesis, account=account)


def entry(number: int, intent: str = "vote", nonce: int = 0) -> Entry:
    return Entry(bytes([number]) * 32, intent, nonce, bytes([number]), 10)


def test_entries_survive_the_process(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(1)])
    del outbox  # not closed
    assert open_outbox(tmp_path).live("vote") == [entry(1)]


def test_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        outbox = open_outbox(tmp_path)
        outbox.add([entry(1)])
    finally:
        os.umask(old)
    assert {p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {0o600}


def test_intent_is_live_until_it_reverts(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(1)])
    outbox.mark(entry(1), "mined")
    assert [e.state for e in outbox.live("vote")] == ["mined"]
    outbox.mark(entry(1), "reverted")
    assert outbox.live("vote") == []
    assert outbox.next_nonce() == 0


def test_mined_one_takes_the_place_of_others_of_its_nonce(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(1), entry(2)])
    assert [e.hash[0] for e in outbox.live("vote")] == [2, 1]
    outbox.mark(entry(1), "mined")
    assert [e.hash[0] for e in outbox.live("vote")] == [1]


def test_live_ones_come_by_nonce(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(3, "c", 3), entry(1, "a", 1), entry(2, "b", 2)])
    assert [e.nonce for e in outbox.live_from(2)] == [2, 3]
    assert outbox.next_nonce() == 4


def test_settled_ones_are_left_alone(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(1, "a", 1), entry(2, "b", 2)])
    outbox.mark_settled([entry(1)])
    assert [e.intent for e in outbox.unsettled()] == ["b"]
    outbox.mark_settled([entry(1)], settled=False)
    assert [e.intent for e in outbox.unsettled()] == ["a", "b"]


def test_refused_one_is_forgotten(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox.add([entry(1)])
    outbox.forget([entry(1)])
    assert outbox.live("vote") == [] and outbox.next_nonce() == 0


def test_chain_that_was_started_afresh_is_another(tmp_path: Path) -> None:
    open_outbox(tmp_path).close()
    with pytest.raises(WrongChain, match="belongs to another chain or account.*move the file away"):
        open_outbox(tmp_path, genesis=b"\2" * 32)
    with pytest.raises(WrongChain, match="another chain or account"):
        open_outbox(tmp_path, account="0x" + "1" * 40)


def test_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(ConfigError, match="the outbox is damaged"):
        open_outbox(tmp_path)


def test_signed_ones_are_synced_to_the_disk(tmp_path: Path) -> None:
    statements: list[str] = []
    outbox = open_outbox(tmp_path)
    outbox._db.set_trace_callback(statements.append)
    outbox.add([entry(1)])
    assert statements[0] == "PRAGMA synchronous = FULL"
    assert statements.index("COMMIT") < statements.index("PRAGMA synchronous = NORMAL")


def test_failed_write_leaves_nothing_open(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    with pytest.raises(sqlite3.Error):
        outbox.add([Entry(b"", "vote", None, b"", 1)])  # type: ignore[arg-type]
    outbox.add([entry(1)])
    assert outbox.live("vote") == [entry(1)]


def test_second_lock_of_a_key_is_refused(tmp_path: Path) -> None:
    lock = KeyLock("31337-key", tmp_path)
    with pytest.raises(NodeConflict, match=f"another process signs with this key.*process {os.getpid()}"):
        KeyLock("31337-key", tmp_path)
    KeyLock("1-key", tmp_path).close()
    lock.close()
    KeyLock("31337-key", tmp_path).close()


def test_lock_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from minerva.chain.outbox import KeyLock\n"
        "lock = KeyLock('key', Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        with pytest.raises(NodeConflict, match=f"process {other.pid}"):
            KeyLock("key", tmp_path)
        other.kill()
        other.wait()
    KeyLock("key", tmp_path).close()
