"""What was signed of candidates, by this miner and by the others: served to all, and searched for contradictions."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from minerva.errors import MinervaError
from minerva.protocol.evidence import Evidence, Signed
from minerva.protocol.records import Address
from minerva.protocol.statements import Branch, Statement, StatementKind

log = logging.getLogger(__name__)

MOST_STATEMENTS = 500
"""Served at once."""
_KEPT_ROUNDS = 1000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS statements (
    id INTEGER PRIMARY KEY, vault TEXT NOT NULL, account TEXT NOT NULL, federation TEXT NOT NULL,
    round INTEGER NOT NULL, parent BLOB NOT NULL, updates_root BLOB NOT NULL, ballots_root BLOB NOT NULL,
    candidate BLOB NOT NULL, kind INTEGER NOT NULL, signature BLOB NOT NULL,
    UNIQUE (vault, account, round, parent, updates_root, ballots_root, candidate, kind)
) STRICT;
CREATE INDEX IF NOT EXISTS by_round ON statements (vault, round, id);
CREATE TABLE IF NOT EXISTS offences (
    vault TEXT NOT NULL, account TEXT NOT NULL, round INTEGER NOT NULL, first INTEGER NOT NULL,
    second INTEGER NOT NULL, outcome TEXT NOT NULL DEFAULT '', PRIMARY KEY (vault, account, round)
) STRICT;
"""
_COLUMNS = "account, federation, round, parent, updates_root, ballots_root, candidate, kind, signature"


class StatementBook:
    """One SQLite file; any thread. What is lost with it was served by others as well.

    Parameters
    ----------
    path
        The file; its folder is made. ``":memory:"`` keeps nothing.
    chain_id, vault
        For whom statements are signed.

    Raises
    ------
    MinervaError
        The file cannot be opened or written.
    """

    def __init__(self, path: Path | str, *, chain_id: int, vault: Address) -> None:
        self.chain_id, self.vault, self._lock = chain_id, vault, threading.RLock()
        try:
            if isinstance(path, Path):
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=10.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise MinervaError(
                "the statements that were heard cannot be opened",
                value=f"{path}: {error}",
                remedy="Free some space, or move the file away: others have them too.",
            ) from None

    def knows(self, signed: Signed) -> bool:
        """Whether this statement of this account is kept, by whatever signature."""
        with self._lock:
            return self._id_of(signed) is not None

    def proposals(self, account: Address, branch: Branch) -> int:
        """Return how many candidates of one account are kept for a round of a branch."""
        with self._lock:
            row = self._db.execute(
                "SELECT COUNT(*) FROM statements WHERE (vault, account, round, parent, updates_root, ballots_root, kind)"
                " = (?, ?, ?, ?, ?, ?, ?)",
                (self.vault, account, *branch, int(StatementKind.PROPOSED)),
            ).fetchone()
        return int(row[0])

    def add(self, signed: Signed) -> Evidence | None:
        """Keep a statement whose signature was checked; return what it proves, the first time that it does.

        Raises
        ------
        MinervaError
            It cannot be written.
        """
        s = signed.statement
        try:
            with self._lock, self._db:
                self._db.execute("BEGIN")
                self._db.execute(
                    f"INSERT OR IGNORE INTO statements (vault, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (self.vault, signed.account, s.federation, *s.branch, s.candidate, int(s.kind),
                     signed.signature),
                )  # fmt: skip
                return self._contradicted(signed)
        except sqlite3.Error as error:
            raise MinervaError("a statement cannot be kept", value=error, remedy="Free some space.") from None

    def of_round(self, round_: int, offset: int = 0) -> list[Signed]:
        """Return statements of a round in the order in which they came, at most `MOST_STATEMENTS`."""
        with self._lock:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM statements WHERE (vault, round) = (?, ?) ORDER BY id LIMIT ? OFFSET ?",
                (self.vault, round_, MOST_STATEMENTS, offset),
            ).fetchall()
        return [_signed(row) for row in rows]

    def offences(self, outcome: str = "") -> list[Evidence]:
        """Return the evidence with this outcome; empty: what is to be reported still."""
        with self._lock:
            found = self._db.execute(
                "SELECT first, second FROM offences WHERE (vault, outcome) = (?, ?) ORDER BY rowid",
                (self.vault, outcome),
            ).fetchall()
            pairs = [(self._by_id(first), self._by_id(second)) for first, second in found]
        return [Evidence(self.chain_id, self.vault, first, second) for first, second in pairs]

    def settle(self, account: Address, round_: int, outcome: str) -> None:
        """Note what became of a report, in words."""
        with self._lock, suppress(sqlite3.Error):
            self._db.execute(
                "UPDATE offences SET outcome = ? WHERE (vault, account, round) = (?, ?, ?)",
                (outcome, self.vault, account, round_),
            )

    def forget(self, round_: int) -> None:
        """Let go of rounds that lie far before this one, evidence apart."""
        with self._lock, suppress(sqlite3.Error):
            self._db.execute(
                "DELETE FROM statements WHERE vault = ? AND round < ? AND id NOT IN"
                " (SELECT first FROM offences UNION SELECT second FROM offences)",
                (self.vault, round_ - _KEPT_ROUNDS),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    def _contradicted(self, signed: Signed) -> Evidence | None:
        """Note the first contradiction of an account in a round: it is punished once for each."""
        rows = self._db.execute(
            f"SELECT id, {_COLUMNS} FROM statements WHERE (vault, account, round) = (?, ?, ?) ORDER BY id",
            (self.vault, signed.account, signed.statement.round),
        ).fetchall()
        others = ((id_, _signed(row)) for id_, *row in rows)
        found = next((o for o in others if o[1].statement.contradicts(signed.statement)), None)
        own = self._id_of(signed)
        if found is None or own is None:
            return None
        noted = self._db.execute(
            "INSERT OR IGNORE INTO offences (vault, account, round, first, second) VALUES (?, ?, ?, ?, ?)",
            (self.vault, signed.account, signed.statement.round, found[0], own),
        )
        return Evidence(self.chain_id, self.vault, found[1], signed) if noted.rowcount else None

    def _id_of(self, signed: Signed) -> int | None:
        s = signed.statement
        row = self._db.execute(
            "SELECT id FROM statements WHERE (vault, account, round, parent, updates_root, ballots_root, candidate,"
            " kind) = (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.vault, signed.account, *s.branch, s.candidate, int(s.kind)),
        ).fetchone()
        return None if row is None else int(row[0])

    def _by_id(self, id_: int) -> Signed:
        row = self._db.execute(f"SELECT {_COLUMNS} FROM statements WHERE id = ?", (id_,)).fetchone()
        return _signed(row)


def _signed(row: Sequence[Any]) -> Signed:
    account, federation, round_, parent, updates_root, ballots_root, candidate, kind, signature = row
    said = Statement(federation, round_, parent, updates_root, ballots_root, candidate, StatementKind(kind))
    return Signed(account, said, signature)
