"""What an account signed, kept until it lies deep: an intent takes effect at most once, and none is lost.

Signed transactions are kept, keys never. A transaction is written down, and synced to the disk, before it is
sent: a process that is killed between signing and sending, or between sending and the receipt, finds it and
sends the very same bytes again, which a node takes at most once. That is why there is no state "sent". What
was mined is noted without a sync, since the chain says it again.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from minerva.errors import ChainError, ConfigError, NodeConflict, WrongChain
from minerva.protocol.records import Address

State = Literal["signed", "mined", "reverted", "replaced"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chain (genesis BLOB NOT NULL, account TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS transactions (
    hash BLOB PRIMARY KEY, intent TEXT NOT NULL, nonce INTEGER NOT NULL, raw BLOB NOT NULL,
    max_fee INTEGER NOT NULL, state TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS by_intent ON transactions (intent);
CREATE INDEX IF NOT EXISTS by_nonce ON transactions (nonce);
"""
_COLUMNS = "hash, intent, nonce, raw, max_fee, state, settled"
_LIVE = "state IN ('signed', 'mined')"


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed transaction. ``max_fee`` is its fee cap, in wei for a unit of gas; ``settled``: it lies deep.

    ``signed`` until the chain says otherwise; ``mined`` or ``reverted`` by its receipt; ``replaced`` when its
    nonce went to another one. The first two are live: their intent counts as done or under way.
    """

    hash: bytes
    intent: str
    nonce: int
    raw: bytes
    max_fee: int
    state: State = "signed"
    settled: int = 0


class Outbox:
    """The transactions of one account on one chain, in one file (SQLite, mode 0600); threads may share it.

    Parameters
    ----------
    path
        The file; made when missing.
    genesis
        Hash of the chain's block 0: a chain that was started afresh under the same id is another one.
    account
        Who signs.
    durable
        What is signed survives a loss of power, at the price of a sync of the disk. Without, it survives the
        end of the process alone: enough for a development chain, which forgets more than that.

    Raises
    ------
    WrongChain
        The file belongs to another chain or account.
    """

    def __init__(self, path: Path, *, genesis: bytes, account: Address, durable: bool = True) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its other files the same mode
        os.chmod(path, 0o600)
        self.path, self._durable, self._lock = path, durable, threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_SCHEMA)
            self._claim(genesis, account)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise _unwritten(path, error) from None
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ConfigError(
                "the outbox is damaged", value=f"{path}: {error}", remedy="Move it away."
            ) from None
        except WrongChain:
            self._db.close()
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                raise _unwritten(self.path, error) from None

    def add(self, entries: Sequence[Entry]) -> None:
        """Keep signed transactions, before they are sent; raises `ChainError` when the disk is full."""
        rows = [(e.hash, e.intent, e.nonce, e.raw, e.max_fee, e.state, e.settled) for e in entries]
        with self._writing():
            self._db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    f"INSERT OR REPLACE INTO transactions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
                )
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._db.execute("PRAGMA synchronous = NORMAL")

    def forget(self, entries: Iterable[Entry]) -> None:
        """Drop transactions that the node refused when they were first sent."""
        with self._writing():
            self._db.executemany("DELETE FROM transactions WHERE hash = ?", [(e.hash,) for e in entries])

    def mark(self, entry: Entry, state: State) -> None:
        """Note what became of a transaction; one that is mined replaces the others of its nonce."""
        with self._writing():
            self._db.execute("UPDATE transactions SET state = ? WHERE hash = ?", (state, entry.hash))
            if state in ("mined", "reverted"):
                self._db.execute(
                    f"UPDATE transactions SET state = 'replaced' WHERE nonce = ? AND hash <> ? AND {_LIVE}",
                    (entry.nonce, entry.hash),
                )

    def mark_settled(self, entries: Iterable[Entry], settled: bool = True) -> None:
        """Note that transactions lie deep enough, or that they do so no more."""
        rows = [(settled, e.hash) for e in entries]
        with self._writing():
            self._db.executemany("UPDATE transactions SET settled = ? WHERE hash = ?", rows)

    def live(self, intent: str) -> list[Entry]:
        """Return the live transactions of an intent, the newest first; several when the fee was raised."""
        return self._select(f"intent = ? AND {_LIVE} ORDER BY rowid DESC", intent)

    def live_from(self, nonce: int) -> list[Entry]:
        """Return the live transactions from a nonce on, by nonce and age."""
        return self._select(f"nonce >= ? AND {_LIVE} ORDER BY nonce, rowid", nonce)

    def unsettled(self) -> list[Entry]:
        """Return the live transactions that do not lie deep, as far as is known, by nonce and age."""
        return self._select(f"settled = 0 AND {_LIVE} ORDER BY nonce, rowid")

    def next_nonce(self) -> int:
        """Return the nonce after the last live one; 0 when there is none."""
        with self._lock:
            row = self._db.execute(f"SELECT MAX(nonce) FROM transactions WHERE {_LIVE}").fetchone()
        return 0 if row[0] is None else int(row[0]) + 1

    def count_mined(self) -> int:
        """Return how many transactions are known to be mined, the reverted ones among them."""
        with self._lock:
            row = self._db.execute(
                "SELECT COUNT(*) FROM transactions WHERE state IN ('mined', 'reverted')"
            ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _select(self, where: str, *values: object) -> list[Entry]:
        with self._lock:
            rows = self._db.execute(f"SELECT {_COLUMNS} FROM transactions WHERE {where}", values).fetchall()
        return [Entry(*row) for row in rows]

    def _claim(self, genesis: bytes, account: Address) -> None:
        row = self._db.execute("SELECT genesis, account FROM chain").fetchone()
        if row is None:
            self._db.execute("INSERT INTO chain VALUES (?, ?)", (genesis, account))
        elif row != (genesis, account):
            raise WrongChain(
                "the outbox belongs to another chain or account",
                value=f"{self.path}: {row[1]} on the chain with genesis 0x{row[0].hex()}",
                remedy="Name another folder, or move the file away.",
            )


def _unwritten(path: Path, error: sqlite3.OperationalError) -> ChainError:
    return ChainError(
        "the outbox cannot be written",
        value=f"{path}: {error}",
        remedy="Free some space, or name another folder with --state.",
    )


class KeyLock:
    """Keeps other processes of this machine from signing with the same key on the same chain.

    Parameters
    ----------
    name
        Says which key and chain.
    folder
        Where the lock files are; one of this user's for the whole machine when not given.

    Raises
    ------
    NodeConflict
        Another process holds it.
    """

    def __init__(self, name: str, folder: Path | None = None) -> None:
        path = (folder or _lock_folder()) / f"{name}.lock"
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "r+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = self._file.read(20).strip()
            self._file.close()
            raise NodeConflict(
                "another process signs with this key on this chain",
                value=f"process {holder}" if holder else path,
                remedy="Stop it, or give this one a key of its own.",
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let others have the key."""
        self._file.close()


def _lock_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"minerva-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ConfigError("the folder for locks is not this user's", value=folder, remedy="Remove it.")
    return folder
