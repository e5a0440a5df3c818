"""What stays pinned, and for how long; pins are made behind the round's back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from minerva.errors import MinervaError
from minerva.miner.contents import Contents
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.workers import Workers
from minerva.protocol.cid import Cid

log = logging.getLogger(__name__)

_PIN_SECONDS = 60.0
_ATTEMPTS = 8


class Keeper:
    """Pins and unpins, with the ledger's memory of which round needs what."""

    def __init__(self, contents: Contents, ledger: Ledger, settings: MinerSettings) -> None:
        self._contents, self._ledger, self._settings = contents, ledger, settings
        self._workers, self._storing = Workers("keep"), Workers("store", 2)
        self._over = threading.Event()
        self.problem = ""

    def put(self, cid: Cid, data: bytes, kind: str, round_: int) -> None:
        """Store and pin bytes now; raises `StoreError`."""
        self._contents.put(cid, data)
        self._ledger.pinned(cid, kind, round_)

    def submit(self, job: Callable[[], None]) -> None:
        """Run what stores a block's content, ahead of all pins."""
        self._storing.submit(job)

    def pin_later(self, cid: Cid, kind: str, round_: int) -> None:
        """Pin what lies in the store already, when there is time."""
        self._later(f"pin {cid}", lambda: self._pin(cid, kind, round_))

    def expire(self, round_: int) -> None:
        """Unpin what is older than the settings keep, when there is time."""
        self._later("unpin what is old", lambda: self._expire(round_))

    def release(self, cids: Iterable[Cid], round_: int) -> None:
        """Unpin updates that the round does not need after all, when there is time."""
        needless = set(cids)
        if needless:
            self._later("unpin what was refused", lambda: self._release(needless, round_))

    def stop(self, timeout: float) -> bool:
        """Drop what waits, and let the current call end."""
        self._over.set()
        self._workers.stop()
        self._storing.stop()
        return self._workers.join(timeout)

    def drain(self, timeout: float) -> bool:
        """Do all that was asked so far; whether it was done in time."""
        done = threading.Event()
        self._workers.submit(done.set)
        return done.wait(timeout)

    def _pin(self, cid: Cid, kind: str, round_: int) -> None:
        self._contents.store.pin(cid, timeout=_PIN_SECONDS)
        self._ledger.pinned(cid, kind, round_)

    def _release(self, cids: set[Cid], round_: int) -> None:
        for cid in cids:
            needs = self._ledger.needs(cid)
            if needs == {("update", round_)}:
                self._contents.store.unpin(cid)
            if ("update", round_) in needs:
                self._ledger.released(cid, "update", round_)

    def _expire(self, round_: int) -> None:
        for kinds, kept in (
            (("update",), self._settings.retention_rounds),
            (("model", "body", "state"), self._settings.retention_models),
        ):
            if not kept:
                continue
            last = round_ - kept
            for cid in self._ledger.expired(kinds, last):
                self._contents.store.unpin(cid)
                self._ledger.unpinned(cid, kinds, last)

    def _later(self, what: str, job: Callable[[], None]) -> None:
        def attempt() -> None:
            pause = self._settings.retry_seconds
            for _ in range(_ATTEMPTS):
                if self._over.is_set():
                    return
                try:
                    job()
                    self.problem = ""
                    return
                except MinervaError as error:
                    self.problem = f"cannot {what}: {error}"
                    self._over.wait(pause)
                    pause = min(2 * pause, self._settings.retry_most_seconds)
            log.error("%s", self.problem)

        self._workers.submit(attempt)
