"""The miner's ledger: what it saw, decided, paid and pinned, in SQLite. A diary: the chain is the truth.

It feeds ``/status``, ``/updates``, ``/blocks``, ``/metrics`` and the benchmarks, and tells retention what
may be unpinned.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from minerva.chain.port import Receipt
from minerva.errors import MinervaError
from minerva.protocol.ballots import Outcome
from minerva.protocol.cid import Cid
from minerva.protocol.events import Log
from minerva.protocol.header import Header
from minerva.protocol.records import PlacedUpdate

log = logging.getLogger(__name__)

VERSION = 1
_SCHEMA = """
CREATE TABLE owner (federation TEXT NOT NULL, chain_id TEXT NOT NULL, address TEXT NOT NULL);
CREATE TABLE updates (
    round INTEGER, miner_index INTEGER, pool_index INTEGER, cid TEXT, device TEXT, miner TEXT, block
    INTEGER, samples INTEGER, epochs INTEGER, compute_us TEXT, loss_before INTEGER, loss_after INTEGER,
    verdict INTEGER, reason INTEGER, source TEXT, bytes INTEGER, fetch_ms REAL, judge_ms REAL, accepted
    INTEGER, quality INTEGER, refusal INTEGER, PRIMARY KEY (round, miner_index, pool_index)) WITHOUT ROWID;
CREATE INDEX updates_by_cid ON updates (cid); CREATE TABLE ballots (round INTEGER, miner_index INTEGER,
verdicts BLOB, block INTEGER, PRIMARY KEY (round, miner_index)) WITHOUT ROWID; CREATE TABLE rounds (
    round INTEGER PRIMARY KEY, block INTEGER, opened_at INTEGER, miners INTEGER, expected INTEGER, submitted
    INTEGER, missing TEXT, result TEXT);
CREATE TABLE blocks (
    number INTEGER PRIMARY KEY, round INTEGER, hash TEXT, parent TEXT, body TEXT, model TEXT, proposer TEXT,
    own INTEGER, updates INTEGER, accepted INTEGER, block INTEGER, timestamp INTEGER, agreed INTEGER);
CREATE TABLE timings (round INTEGER, name TEXT, ms REAL, PRIMARY KEY (round, name)) WITHOUT ROWID;
CREATE TABLE actions (
    id INTEGER PRIMARY KEY, round INTEGER, kind TEXT, intent TEXT, gas INTEGER, fee_wei TEXT, block INTEGER,
    ms REAL, error TEXT);
CREATE TABLE chain_blocks (block INTEGER PRIMARY KEY, hash BLOB);
CREATE TABLE pins (cid TEXT, kind TEXT, round INTEGER, PRIMARY KEY (cid, kind, round)) WITHOUT ROWID;
"""
_LATER = """
CREATE TABLE IF NOT EXISTS canaries (
    round INTEGER, device TEXT, block BLOB, steps TEXT, first INTEGER, taken INTEGER, last BLOB, claimed_ms REAL,
    asked_at REAL, due REAL, outcome TEXT, took_ms REAL, PRIMARY KEY (round, device)) WITHOUT ROWID;
"""
"""Tables that ledgers of this version may lack."""
_AT = "WHERE round = ? AND miner_index = ? AND pool_index = ?"
Row = dict[str, Any]


class Ledger:
    """One SQLite file in WAL mode, one connection, any thread.

    A write that fails (a full disk) is told once and then dropped, as the daemon can do without; `problem`
    says so until one succeeds.

    Parameters
    ----------
    path
        The file; its folder is made. ``":memory:"`` keeps nothing.
    federation, chain_id, address
        Whose diary it is.

    Raises
    ------
    MinervaError
        The file cannot be opened or written, is of a later version, or is another miner's.
    """

    def __init__(self, path: Path | str, *, federation: str, chain_id: int, address: str) -> None:
        self.path, self.problem = str(path), ""
        self._lock = threading.RLock()
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=10.0
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._migrate((federation, str(chain_id), address))
        except (sqlite3.Error, OSError) as error:
            raise MinervaError(
                "the miner's ledger cannot be opened",
                value=f"{path}: {error}",
                remedy="Free some space or name another folder.",
            ) from None

    def _migrate(self, owner: tuple[str, str, str]) -> None:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise MinervaError(
                "the miner's ledger is of a later minerva",
                value=f"{self.path}: version {version}",
                remedy="Upgrade.",
            )
        if version == 0:
            self._connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
            self._connection.execute("INSERT INTO owner VALUES (?, ?, ?)", owner)
        self._connection.executescript(_LATER)
        known = tuple(self._connection.execute("SELECT * FROM owner").fetchone())
        if known != owner:
            raise MinervaError(
                "the ledger is another miner's",
                value=f"{self.path}: {' '.join(known)}",
                remedy="Name another folder with --state.",
            )

    # -- writing: nothing is on disk before `flush`, once for each batch of events ---------------------------

    def seen(self, placed: PlacedUpdate) -> None:
        """Note an update's record."""
        u = placed.update
        self._write(
            "INSERT OR IGNORE INTO updates (round, miner_index, pool_index, cid, device, miner, block,"
            " samples, epochs, compute_us, loss_before, loss_after)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (u.round, *placed.order, str(u.cid), u.device, u.miner, placed.block_number, u.samples,
             u.epochs, str(u.compute_us), u.loss_before, u.loss_after),
        )  # fmt: skip

    def fetched(
        self, placed: PlacedUpdate, *, source: str, size: int, fetch_ms: float, judge_ms: float
    ) -> None:
        """Note whence an update's content came, its length in bytes, and the times it took."""
        self._write(
            f"UPDATE updates SET source = ?, bytes = ?, fetch_ms = ?, judge_ms = ? {_AT}",
            (source, size, fetch_ms, judge_ms, placed.update.round, *placed.order),
        )

    def verdicts(self, updates: Sequence[PlacedUpdate], verdicts: bytes) -> None:
        """Note this miner's own verdicts, in update order."""
        self._write_many(
            f"UPDATE updates SET verdict = ?, reason = ? {_AT}",
            (
                (v, v if v < 64 else None, p.update.round, *p.order)
                for p, v in zip(updates, verdicts, strict=True)
            ),
        )

    def outcomes(self, updates: Sequence[PlacedUpdate], outcomes: Sequence[Outcome]) -> None:
        """Note what all ballots together decided, in update order."""
        self._write_many(
            f"UPDATE updates SET accepted = ?, quality = ?, refusal = ? {_AT}",
            (
                (o.accepted, o.quality, None if o.accepted else o.reason, p.update.round, *p.order)
                for p, o in zip(updates, outcomes, strict=True)
            ),
        )

    def ballot(self, round_: int, index: int, verdicts: bytes, block: int) -> None:
        """Note a ballot of any miner."""
        self._write("INSERT OR IGNORE INTO ballots VALUES (?, ?, ?, ?)", (round_, index, verdicts, block))

    def opened(self, round_: int, *, block: int, opened_at: int, miners: int, expected: int) -> None:
        """Note the opening of a round and how many devices it waits for."""
        self._write(
            "INSERT OR IGNORE INTO rounds (round, block, opened_at, miners, expected) VALUES (?, ?, ?, ?, ?)",
            (round_, block, opened_at, miners, expected),
        )

    def participants(self, round_: int, submitted: int, missing: Iterable[str]) -> None:
        """Note who took part when Training closed."""
        self._write(
            "UPDATE rounds SET submitted = ?, missing = ? WHERE round = ?",
            (submitted, " ".join(missing), round_),
        )

    def ended(self, round_: int, result: str) -> None:
        """Note how a round ended, in words."""
        self._write("UPDATE rounds SET result = ? WHERE round = ?", (result, round_))

    def finalized(
        self,
        header: Header,
        *,
        hash_: bytes,
        own: bool,
        updates: int,
        accepted: int,
        block: int,
        timestamp: int,
    ) -> None:
        """Note a block, and the chain's block and time (seconds) in which it became final."""
        self._write(
            "INSERT OR IGNORE INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (header.number, header.round, "0x" + hash_.hex(), "0x" + header.parent.hex(), str(header.body),
             str(header.model), header.proposer, own, updates, accepted, block, timestamp),
        )  # fmt: skip

    def compared(self, number: int, agreed: bool) -> None:
        """Note whether this miner derived the same block."""
        self._write("UPDATE blocks SET agreed = ? WHERE number = ?", (agreed, number))

    def timing(self, round_: int, name: str, ms: float) -> None:
        """Note how long a part of a round took, in milliseconds."""
        self._write("INSERT OR REPLACE INTO timings VALUES (?, ?, ?)", (round_, name, ms))

    def action(
        self, round_: int, kind: str, intent: str, *, receipt: Receipt | None, ms: float, error: str = ""
    ) -> None:
        """Note a transaction, with its gas and fee when there is a receipt."""
        gas, fee, block = (
            (receipt.gas_used, str(receipt.fee_wei), receipt.block_number) if receipt else (None, None, None)
        )
        self._write(
            "INSERT INTO actions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (round_, kind, intent, gas, fee, block, ms, error),
        )

    def pinned(self, cid: Cid, kind: str, round_: int) -> None:
        """Note that a round needs ``cid``; ``kind``: ``update``, ``model``, ``body``, ``state`` or ``genesis``."""
        self._write("INSERT OR REPLACE INTO pins VALUES (?, ?, ?)", (str(cid), kind, round_))

    def unpinned(self, cid: Cid, kinds: Sequence[str], up_to_round: int) -> None:
        """Note that rounds up to ``up_to_round`` need ``cid`` no more."""
        marks = ", ".join("?" * len(kinds))
        self._write(
            f"DELETE FROM pins WHERE cid = ? AND kind IN ({marks}) AND round <= ?",
            (str(cid), *kinds, up_to_round),
        )

    def released(self, cid: Cid, kind: str, round_: int) -> None:
        """Note that a round does not need ``cid`` for this any more."""
        self._write("DELETE FROM pins WHERE cid = ? AND kind = ? AND round = ?", (str(cid), kind, round_))

    def rewind(self, block: int) -> None:
        """Forget what stood in chain blocks from ``block`` on; actions and pins were real and stay."""
        for table in ("updates", "ballots", "rounds", "blocks", "chain_blocks"):
            self._write(f"DELETE FROM {table} WHERE block >= ?", (block,))

    def follow(self, logs: Iterable[Log]) -> None:
        """Note which blocks of the chain the logs stand in."""
        blocks = {entry.block_number: entry.block_hash for entry in logs}
        self._write_many("INSERT OR REPLACE INTO chain_blocks VALUES (?, ?)", blocks.items())

    def reconcile(self, logs: Iterable[Log]) -> None:
        """Forget what a re-organisation took back unseen; ``logs`` are all that the chain has now."""
        blocks = {entry.block_number: entry.block_hash for entry in logs}
        gone = [
            row["block"]
            for row in self.rows("SELECT * FROM chain_blocks")
            if blocks.get(row["block"]) != row["hash"]
        ]
        if gone:
            log.warning("the chain was re-organised from block %d on while this miner was away", min(gone))
            self.rewind(min(gone))

    def note(self, statement: str, values: Sequence[object]) -> None:
        """Write with a statement of this package's own."""
        self._write(statement, values)

    def flush(self) -> None:
        """Commit what was written since the last time."""
        with self._lock:
            if not self._connection.in_transaction:
                return
            try:
                self._connection.execute("COMMIT")
                self.problem = ""
            except sqlite3.Error as error:
                self._lost(error)

    # -- reading ---------------------------------------------------------------------------------------------

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Read with a query of this package's own; what was written and not yet flushed is seen."""
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def needs(self, cid: Cid) -> set[tuple[str, int]]:
        """Kinds and rounds for which ``cid`` is pinned."""
        found = self.rows("SELECT kind, round FROM pins WHERE cid = ?", (str(cid),))
        return {(row["kind"], row["round"]) for row in found}

    def expired(self, kinds: Sequence[str], up_to_round: int) -> list[Cid]:
        """CIDs pinned by these kinds for rounds up to ``up_to_round``, and needed by nothing else."""
        marks = ", ".join("?" * len(kinds))
        found = self.rows(
            f"SELECT cid FROM pins GROUP BY cid HAVING SUM(NOT (kind IN ({marks}) AND round <= ?)) = 0",
            (*kinds, up_to_round),
        )
        return [Cid.parse(row["cid"]) for row in found]

    def close(self) -> None:
        """Commit and close."""
        self.flush()
        with self._lock, suppress(sqlite3.Error):
            self._connection.close()

    def _write(self, statement: str, values: Sequence[object]) -> None:
        self._write_many(statement, (values,))

    def _write_many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        with self._lock:
            try:
                if not self._connection.in_transaction:
                    self._connection.execute("BEGIN")
                self._connection.executemany(statement, rows)
            except sqlite3.Error as error:
                self._lost(error)

    def _lost(self, error: sqlite3.Error) -> None:
        problem = f"the ledger {self.path} cannot be written: {error}; free some space"
        if problem != self.problem:
            log.error("%s", problem)
        self.problem = problem
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
