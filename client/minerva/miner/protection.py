"""What this miner put its name to: never two statements that contradict each other (docs/security/statements.md).

It is written down, and synced to the disk, before a signature or a transaction leaves the process. A process that
is killed in between finds it, and says the same again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from minerva.errors import MinervaError
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.statements import Branch, branch_of

log = logging.getLogger(__name__)

VERSION = 1
_SCHEMA = """
CREATE TABLE owner (
    federation TEXT NOT NULL, chain_id TEXT NOT NULL, vault TEXT NOT NULL, address TEXT NOT NULL
) STRICT;
CREATE TABLE proposals (
    round INTEGER NOT NULL, parent BLOB NOT NULL, updates_root BLOB NOT NULL, ballots_root BLOB NOT NULL,
    candidate BLOB NOT NULL, header TEXT NOT NULL, PRIMARY KEY (round, parent, updates_root, ballots_root)
) STRICT;
CREATE TABLE attestations (
    candidate BLOB PRIMARY KEY, round INTEGER NOT NULL, approve INTEGER NOT NULL
) STRICT;
"""
_NEVER = "Run this key once, with the state folder that it always had: docs/security/statements.md says why."


class WouldContradict(MinervaError):
    """What is to be signed contradicts what was signed before."""


class Protection:
    """One SQLite file; threads may share it, and so may processes: what was first written stands.

    Parameters
    ----------
    path
        The file; its folder is made. A test's ``":memory:"`` protects nothing beyond this value.
    federation, chain_id, vault, address
        Whose word it is, and to whom; the zero address for a vault where nothing is staked.

    Raises
    ------
    MinervaError
        The file cannot be read or written, is damaged, of a later version, or another miner's.
    """

    def __init__(
        self, path: Path | str, *, federation: Address, chain_id: int, vault: Address, address: Address
    ) -> None:
        self.path, self._lock = str(path), threading.RLock()
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._claim((federation, str(chain_id), vault, address))
        except (sqlite3.Error, OSError) as error:
            raise MinervaError(
                "the record of what this miner signed cannot be opened",
                value=f"{path}: {error}",
                remedy="Free some space; if it is damaged, see docs/security/statements.md before you go on.",
            ) from None

    def proposed(self, branch: Branch) -> Header | None:
        """Return the own candidate of one round of one branch; None when none was signed."""
        with self._lock:
            row = self._db.execute(
                "SELECT header FROM proposals WHERE (round, parent, updates_root, ballots_root) = (?, ?, ?, ?)",
                branch,
            ).fetchone()
        return None if row is None else _header(json.loads(row[0]))

    def attested(self, candidate: bytes) -> bool | None:
        """Return what was said of a candidate; None when nothing was."""
        with self._lock:
            row = self._db.execute(
                "SELECT approve FROM attestations WHERE candidate = ?", (candidate,)
            ).fetchone()
        return None if row is None else bool(row[0])

    def propose(self, header: Header) -> None:
        """Write down that this is the candidate; raises `WouldContradict` when another one is."""
        branch, hash_ = branch_of(header), header.hash()
        with self._writing():
            self._db.execute(
                "INSERT OR IGNORE INTO proposals VALUES (?, ?, ?, ?, ?, ?)",
                (*branch, hash_, json.dumps(_document(header))),
            )
            found = self._db.execute(
                "SELECT candidate FROM proposals WHERE (round, parent, updates_root, ballots_root) = (?, ?, ?, ?)",
                branch,
            ).fetchone()
        if found[0] != hash_:
            raise WouldContradict(
                f"another candidate was signed in round {header.round}",
                value=f"0x{found[0].hex()}, not 0x{hash_.hex()}",
                remedy=_NEVER,
            )

    def attest(self, candidate: bytes, round_: int, approve: bool) -> None:
        """Write down what is said of a candidate; raises `WouldContradict` when the opposite was."""
        with self._writing():
            self._db.execute(
                "INSERT OR IGNORE INTO attestations VALUES (?, ?, ?)", (candidate, round_, int(approve))
            )
            found = self._db.execute(
                "SELECT approve FROM attestations WHERE candidate = ?", (candidate,)
            ).fetchone()
        if bool(found[0]) is not approve:
            raise WouldContradict(
                f"the opposite was signed of a candidate of round {round_}",
                value=f"0x{candidate.hex()}",
                remedy=_NEVER,
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write and read in one transaction, which is on the disk at the end of the block."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise MinervaError(
                    "what is to be signed cannot be written down, so it is not signed",
                    value=f"{self.path}: {error}",
                    remedy="Free some space.",
                ) from None
            finally:
                with suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")

    def _claim(self, owner: tuple[str, str, str, str]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version == 0:
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("INSERT INTO owner VALUES (?, ?, ?, ?)", owner)
            self._db.execute(f"PRAGMA user_version = {VERSION}")
        known = tuple(self._db.execute("SELECT * FROM owner").fetchone()) if version <= VERSION else owner
        self._db.execute("COMMIT")
        if version > VERSION:
            raise MinervaError(
                "the record of what this miner signed is of a later minerva",
                value=self.path,
                remedy="Upgrade.",
            )
        if known != owner:
            raise MinervaError(
                "the record of what was signed is another miner's",
                value=f"{self.path}: {' '.join(known)}",
                remedy="Name another folder with --state.",
            )


def _document(header: Header) -> dict[str, Any]:
    return {
        "number": header.number, "parent": header.parent.hex(), "round": header.round,
        "updates_root": header.updates_root.hex(), "ballots_root": header.ballots_root.hex(),
        "accepted_root": header.accepted_root.hex(), "body": str(header.body), "model": str(header.model),
        "rewards_root": header.rewards_root.hex(), "rewards_total": header.rewards_total,
        "weights": list(header.weights), "proposer": header.proposer, "proof": header.proof.hex(),
    }  # fmt: skip


def _header(d: dict[str, Any]) -> Header:
    return Header(
        d["number"], bytes.fromhex(d["parent"]), d["round"], bytes.fromhex(d["updates_root"]),
        bytes.fromhex(d["ballots_root"]), bytes.fromhex(d["accepted_root"]), Cid.parse(d["body"]),
        Cid.parse(d["model"]), bytes.fromhex(d["rewards_root"]), d["rewards_total"], tuple(d["weights"]),
        d["proposer"], bytes.fromhex(d["proof"]),
    )  # fmt: skip
