"""What a miner signed, it stays with: after a crash, a restart, a re-organisation, with two processes at once."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from federation_driver import address, cid

from minerva.errors import MinervaError
from minerva.miner.protection import Protection, WouldContradict
from minerva.protocol.header import Header
from minerva.protocol.statements import branch_of

OWNER: dict[str, Any] = {
    "federation": address(0xFED), "chain_id": 31337, "vault": address(0x5A), "address": address(0xA0)
}  # fmt: skip
HEADER = Header(
    7, b"\1" * 32, 9, b"\2" * 32, b"\3" * 32, b"\4" * 32, cid("body"), cid("model"), b"\5" * 32, (1 << 128) - 1,
    ((1 << 256) - 1, 0, 3), address(0xC0), b"\0nonce\xff",
)  # fmt: skip
OTHER = replace(HEADER, proof=b"another nonce")
HASH = HEADER.hash()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "protection.sqlite"


@pytest.fixture
def protection(file: Path) -> Iterator[Protection]:
    made = Protection(file, **OWNER)
    yield made
    made.close()


def test_the_same_again_is_no_contradiction(protection: Protection) -> None:
    for _ in range(2):
        protection.propose(HEADER)
        protection.attest(HASH, 9, True)
    assert protection.proposed(branch_of(HEADER)) == HEADER
    assert protection.attested(HASH) is True


def test_another_candidate_of_the_branch_is_refused(protection: Protection) -> None:
    """S7: one nonce more would do."""
    protection.propose(HEADER)
    with pytest.raises(WouldContradict, match="another candidate was signed in round 9.*Run this key once"):
        protection.propose(OTHER)
    assert protection.proposed(branch_of(HEADER)) == HEADER


def test_an_attestation_never_flips(protection: Protection) -> None:
    protection.attest(HASH, 9, False)
    with pytest.raises(WouldContradict, match="the opposite was signed"):
        protection.attest(HASH, 9, True)
    assert protection.attested(HASH) is False


@pytest.mark.parametrize("field", ["round", "parent", "updates_root", "ballots_root"])
def test_another_round_or_branch_is_free(protection: Protection, field: str) -> None:
    """S7: what a re-organisation changed a root of is another block."""
    protection.propose(HEADER)
    elsewhere = replace(OTHER, **{field: 10 if field == "round" else b"\xee" * 32})
    assert protection.proposed(branch_of(elsewhere)) is None
    protection.propose(elsewhere)
    assert protection.proposed(branch_of(HEADER)) == HEADER


def test_nothing_is_known_at_first(protection: Protection) -> None:
    assert protection.proposed(branch_of(HEADER)) is None
    assert protection.attested(HASH) is None


# -- crashes ---------------------------------------------------------------------------------------------


def die_after(file: Path, what: str) -> None:
    """As SIGKILL does: nothing is closed, nothing is flushed."""
    protection = Protection(file, **OWNER)
    if what == "propose":
        protection.propose(HEADER)
    else:
        protection.attest(HASH, 9, False)
    os._exit(0)


@pytest.mark.parametrize("what", ["propose", "attest"])
def test_a_crash_between_record_and_signature_leaves_the_record(file: Path, what: str) -> None:
    process = multiprocessing.get_context("fork").Process(target=die_after, args=(file, what))
    process.start()
    process.join(30)
    again = Protection(file, **OWNER)
    if what == "propose":
        assert again.proposed(branch_of(HEADER)) == HEADER
        with pytest.raises(WouldContradict):
            again.propose(OTHER)
    else:
        with pytest.raises(WouldContradict):
            again.attest(HASH, 9, True)
    again.close()


def test_it_is_synced_before_it_returns(file: Path) -> None:
    """2 is FULL: a loss of power takes nothing back that was signed."""
    protection = Protection(file, **OWNER)
    assert protection._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    protection.close()


def test_of_two_processes_the_first_decides(file: Path) -> None:
    """Should the lock of the state folder not keep them apart."""
    one, two = Protection(file, **OWNER), Protection(file, **OWNER)
    one.propose(HEADER)
    two.attest(HASH, 9, True)
    with pytest.raises(WouldContradict):
        two.propose(OTHER)
    with pytest.raises(WouldContradict):
        one.attest(HASH, 9, False)
    one.close()
    two.close()


def race(file: Path, number: int, results: Any) -> None:
    protection = Protection(file, **OWNER)
    try:
        protection.propose(replace(HEADER, proof=bytes([number])))
        results.put(number)
    except WouldContradict:
        results.put(None)


def test_of_many_processes_at_once_one_signs(file: Path) -> None:
    Protection(file, **OWNER).close()
    fork = multiprocessing.get_context("fork")
    results = fork.Queue()
    racing = [fork.Process(target=race, args=(file, number, results)) for number in range(6)]
    for process in racing:
        process.start()
    signed = [results.get(timeout=30) for _ in racing]
    for process in racing:
        process.join(30)
    assert len([number for number in signed if number is not None]) == 1


# -- files that are not to be trusted ----------------------------------------------------------------------


@pytest.mark.parametrize("field", ["federation", "vault", "address"])
def test_another_miners_record_is_refused(file: Path, field: str) -> None:
    Protection(file, **OWNER).close()
    with pytest.raises(MinervaError, match="another miner's.*--state"):
        Protection(file, **{**OWNER, field: address(0xBAD)})


def test_another_chains_record_is_refused(file: Path) -> None:
    Protection(file, **OWNER).close()
    with pytest.raises(MinervaError, match="another miner's"):
        Protection(file, **{**OWNER, "chain_id": 1})


def test_a_damaged_record_is_not_replaced(file: Path) -> None:
    """A new one would know of nothing."""
    file.parent.mkdir()
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(MinervaError, match="cannot be opened"):
        Protection(file, **OWNER)
    assert file.read_bytes().startswith(b"not a database")


def test_a_later_record_is_refused(file: Path) -> None:
    Protection(file, **OWNER).close()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(MinervaError, match="later minerva"):
        Protection(file, **OWNER)


def test_what_cannot_be_written_down_is_not_signed(protection: Protection) -> None:
    protection._db.execute("PRAGMA query_only = 1")  # as a disk that is full
    with pytest.raises(MinervaError, match="so it is not signed"):
        protection.propose(HEADER)
    protection._db.execute("PRAGMA query_only = 0")
    protection.propose(OTHER)
