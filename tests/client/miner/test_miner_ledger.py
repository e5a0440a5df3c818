"""The ledger keeps what it is told, knows whose it is, and survives a full disk."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from federation_driver import address, cid

from minerva.chain.port import Receipt
from minerva.errors import MinervaError
from minerva.miner.ledger import VERSION, Ledger
from minerva.protocol.ballots import Outcome
from minerva.protocol.header import Header
from minerva.protocol.reasons import Reason
from minerva.protocol.records import PlacedUpdate, Update


def open_ledger(path: Path | str, **changes: object) -> Ledger:
    owner = {"federation": "0xF", "chain_id": 1, "address": "0xA", **changes}
    return Ledger(path, **owner)  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return open_ledger(tmp_path / "miner.sqlite")


def placed(pool_index: int = 0, *, round_: int = 1, block: int = 10, compute_us: int = 5) -> PlacedUpdate:
    update = Update(
        address(1),
        round_,
        address(2 + pool_index),
        address(3),
        cid(f"u{pool_index}"),
        10,
        1,
        compute_us,
        -5,
        5,
    )
    return PlacedUpdate(update, 0, pool_index, block, 0, 1000)


def header(number: int) -> Header:
    return Header(
        number,
        bytes(32),
        number,
        bytes(32),
        bytes(32),
        bytes(32),
        cid(f"body {number}"),
        cid(f"model {number}"),
        bytes(32),
        0,
        (),
        address(3),
        b"",
    )


def test_an_update_gathers_verdict_and_outcome(ledger: Ledger) -> None:
    updates = [placed(0), placed(1)]
    for update in updates:
        ledger.seen(update)
    ledger.fetched(updates[0], source="push", size=99, fetch_ms=1.5, judge_ms=0.5)
    ledger.verdicts(updates, bytes([255, Reason.COPY]))
    ledger.outcomes(updates, [Outcome(True, 191, 0), Outcome(False, 0, Reason.COPY)])
    first, second = ledger.rows("SELECT * FROM updates ORDER BY pool_index")
    assert (first["verdict"], first["reason"], first["accepted"], first["quality"], first["bytes"]) == (
        255,
        None,
        1,
        191,
        99,
    )
    assert (second["verdict"], second["reason"], second["accepted"], second["refusal"]) == (20, 20, 0, 20)


def test_seeing_an_update_again_loses_nothing(ledger: Ledger) -> None:
    ledger.seen(placed())
    ledger.verdicts([placed()], b"\xff")
    ledger.seen(placed())
    assert ledger.rows("SELECT verdict FROM updates") == [{"verdict": 255}]


def test_a_record_may_claim_any_uint64(ledger: Ledger) -> None:
    ledger.seen(placed(compute_us=2**64 - 1))
    assert ledger.rows("SELECT compute_us FROM updates") == [{"compute_us": str(2**64 - 1)}]


def test_a_reorganisation_forgets_what_stood_in_later_blocks(ledger: Ledger) -> None:
    ledger.seen(placed(0, block=10))
    ledger.seen(placed(1, block=11))
    ledger.ballot(1, 0, b"\xff", 12)
    ledger.opened(1, block=9, opened_at=1, miners=1, expected=2)
    ledger.rewind(11)
    assert [row["pool_index"] for row in ledger.rows("SELECT * FROM updates")] == [0]
    assert ledger.rows("SELECT * FROM ballots") == []
    assert len(ledger.rows("SELECT * FROM rounds")) == 1


def test_gas_is_kept_for_each_action(ledger: Ledger) -> None:
    receipt = Receipt(bytes(32), 7, bytes(32), 70_000, 2**80, ())
    ledger.action(1, "Vote", "intent", receipt=receipt, ms=3.0)
    ledger.action(1, "Attest", "intent", receipt=None, ms=1.0, error="refused")
    vote, attest = ledger.rows("SELECT kind, gas, fee_wei, error FROM actions")
    assert vote == {"kind": "Vote", "gas": 70_000, "fee_wei": str(2**80), "error": ""}
    assert attest == {"kind": "Attest", "gas": None, "fee_wei": None, "error": "refused"}


def test_what_was_flushed_is_there_after_a_kill(tmp_path: Path) -> None:
    first = open_ledger(tmp_path / "miner.sqlite")
    first.seen(placed())
    first.flush()
    second = open_ledger(tmp_path / "miner.sqlite")  # the first is never closed
    assert len(second.rows("SELECT * FROM updates")) == 1


def test_a_cid_expires_when_no_later_round_needs_it(ledger: Ledger) -> None:
    ledger.pinned(cid("model"), "model", 1)
    ledger.pinned(cid("model"), "model", 5)  # carried over
    ledger.pinned(cid("update"), "update", 1)
    assert ledger.expired(("update",), 2) == [cid("update")]
    assert ledger.expired(("model", "body"), 2) == []
    ledger.unpinned(cid("update"), ("update",), 2)
    assert ledger.expired(("update",), 2) == []
    assert ledger.expired(("model",), 5) == [cid("model")]


def test_blocks_are_kept_by_number(ledger: Ledger) -> None:
    ledger.finalized(header(1), hash_=b"\1" * 32, own=True, updates=3, accepted=2, block=9, timestamp=5)
    assert ledger.rows("SELECT own, accepted, agreed, hash FROM blocks") == [
        {"own": 1, "accepted": 2, "agreed": None, "hash": "0x" + "01" * 32}
    ]


@pytest.mark.parametrize("change", [{"federation": "0xE"}, {"chain_id": 2}, {"address": "0xB"}])
def test_refuses_anothers_ledger(tmp_path: Path, change: dict[str, object]) -> None:
    open_ledger(tmp_path / "miner.sqlite").close()
    with pytest.raises(MinervaError, match="another miner's"):
        open_ledger(tmp_path / "miner.sqlite", **change)


def test_refuses_a_later_version(tmp_path: Path) -> None:
    open_ledger(tmp_path / "miner.sqlite").close()
    with sqlite3.connect(tmp_path / "miner.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(MinervaError, match="later minerva"):
        open_ledger(tmp_path / "miner.sqlite")


def test_refuses_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "miner.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(MinervaError, match="cannot be opened"):
        open_ledger(tmp_path / "miner.sqlite")


def test_a_full_disk_is_told_and_survived(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
    with caplog.at_level(logging.ERROR):
        for number in range(20_000):
            ledger.seen(placed(number))
            if ledger.problem:
                break
    assert "full" in ledger.problem
    assert sum("cannot be written" in record.message for record in caplog.records) == 1
    ledger._connection.execute("PRAGMA max_page_count = 100000")
    ledger.seen(placed(1, round_=2))
    ledger.flush()
    assert ledger.problem == ""
