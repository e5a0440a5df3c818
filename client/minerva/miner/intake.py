"""The updates of one round: each judged by its record, fetched, judged by its content and kept, at once."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence

from minerva.errors import ContentMismatch, ContentTooLarge, StoreError
from minerva.miner.contents import Contents
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.workers import Workers
from minerva.protocol.ballots import ACCEPT_FROM
from minerva.protocol.history import Registration
from minerva.protocol.reasons import Reason
from minerva.protocol.records import PlacedUpdate
from minerva.sealing.reading import Reader
from minerva.verification.judge import Judge

log = logging.getLogger(__name__)

Order = tuple[int, int]
_FIRST_SLICE_SECONDS = 2.0
"""First attempts are short, so that content that is not served yet cannot hold back what is."""


class Intake:
    """Fetches and judges the updates of one round.

    Parameters
    ----------
    opened_at
        `RoundRecord.opened_at`, in seconds.
    max_bytes
        Longest content of an update, as it is fetched.
    reader
        Opens what is sealed.
    keep
        Called, in a worker, with every update whose content is here and passes by itself, so that it is
        pinned.
    changed
        Called from any thread when an update was judged or is to be tried again.
    """

    def __init__(
        self,
        judge: Judge,
        contents: Contents,
        workers: Workers,
        ledger: Ledger,
        settings: MinerSettings,
        *,
        opened_at: int,
        max_bytes: int,
        reader: Reader,
        keep: Callable[[PlacedUpdate], None],
        changed: Callable[[], None],
    ) -> None:
        self._judge, self._contents, self._workers, self._ledger = judge, contents, workers, ledger
        self._settings, self._opened_at, self._max_bytes = settings, opened_at, max_bytes
        self._reader, self._keep, self._changed = reader, keep, changed
        self._lock = threading.Lock()
        self._refused: dict[Order, Reason] = {}
        self._seen: set[Order] = set()
        self._judged: set[Order] = set()
        self._here: set[Order] = set()
        self._retries: list[tuple[float, int, PlacedUpdate, int]] = []
        self._numbers = itertools.count()
        self._stopped = False

    def see(self, placed: PlacedUpdate, registration: Registration, rate_ns: int) -> None:
        """Judge a record and start fetching its content, unless that cannot save it."""
        self._seen.add(placed.order)
        refusal = self._judge.record(placed, registration, rate_ns, self._opened_at)
        if refusal is None:
            self._submit(placed, 0)
            return
        log.info("round %d: %s's update: %s", placed.update.round, placed.update.device, refusal.words)
        with self._lock:
            self._refused[placed.order] = refusal
            self._judged.add(placed.order)

    def knows(self, placed: PlacedUpdate) -> bool:
        """Whether `see` was called for this update."""
        return placed.order in self._seen

    def refusal(self, placed: PlacedUpdate) -> Reason | None:
        """Why an update is refused whatever its content is."""
        return self._refused.get(placed.order)

    def offer(
        self, placed: PlacedUpdate, content: bytes | Reason, source: str, *, fetch_ms: float = 0.0
    ) -> None:
        """Judge an update by its content now, in the calling thread, unless that was done."""
        if placed.order in self._judged:
            return
        began = time.perf_counter()
        opened = self._reader.content(placed, content) if isinstance(content, bytes) else content
        refusal = self._judge.admit(placed, opened)
        judge_ms = 1000 * (time.perf_counter() - began)
        with self._lock:
            if placed.order in self._judged:
                return
            self._judged.add(placed.order)
            if refusal is None:
                self._here.add(placed.order)
            all_judged = len(self._judged) == len(self._seen)
        if refusal is not None:
            log.info("round %d: %s's update: %s", placed.update.round, placed.update.device, refusal.words)
        size = len(content) if isinstance(content, bytes) else 0
        self._ledger.fetched(placed, source=source, size=size, fetch_ms=fetch_ms, judge_ms=judge_ms)
        if all_judged:
            self._changed()

    @property
    def pending(self) -> int:
        """How many of the updates seen are not judged."""
        with self._lock:
            return len(self._seen) - len(self._judged)

    def holds(self, placed: PlacedUpdate) -> bool:
        """Whether the content came, and passes by itself."""
        return placed.order in self._here

    def verdicts(self, updates: Sequence[PlacedUpdate]) -> bytes:
        """Return the ballot over ``updates``; whatever is not judged by now was unavailable (rule 1)."""
        return self._judge.verdicts(updates)

    def passes(self, updates: Sequence[PlacedUpdate]) -> list[bool]:
        """Tell which of the round's updates pass every rule here; none while some were not seen."""
        if not all(self.knows(placed) for placed in updates):
            return [False] * len(updates)
        return [verdict >= ACCEPT_FROM for verdict in self.verdicts(updates)]

    def retry(self) -> float | None:
        """Start the attempts that are due; seconds until the next one, None when there is none."""
        with self._lock:
            now = time.monotonic()
            while self._retries and self._retries[0][0] <= now:
                _, _, placed, attempt = heapq.heappop(self._retries)
                self._submit(placed, attempt)
            return self._retries[0][0] - now if self._retries else None

    def stop(self) -> None:
        """Fetch no more."""
        self._stopped = True

    def _submit(self, placed: PlacedUpdate, attempt: int) -> None:
        self._workers.submit(lambda: self._fetch(placed, attempt))

    def _fetch(self, placed: PlacedUpdate, attempt: int) -> None:
        if self._stopped or placed.order in self._judged:
            return
        began = time.perf_counter()
        slice_ = self._settings.fetch_slice_seconds
        try:
            content, source = self._contents.fetch(
                placed.update.cid,
                max_bytes=self._max_bytes,
                timeout=slice_ if attempt else min(slice_, _FIRST_SLICE_SECONDS),
            )
        except ContentTooLarge:
            self.offer(placed, Reason.TOO_LARGE, "none", fetch_ms=1000 * (time.perf_counter() - began))
            return
        except ContentMismatch as error:  # all of it was read, and would be again
            log.warning("round %d: %s's update: %s", placed.update.round, placed.update.device, error)
            self.offer(placed, Reason.UNAVAILABLE, "none", fetch_ms=1000 * (time.perf_counter() - began))
            return
        except StoreError as error:
            self._later(placed, attempt, error)
            return
        self.offer(placed, content, source, fetch_ms=1000 * (time.perf_counter() - began))
        if self.holds(placed):
            self._keep(placed)

    def _later(self, placed: PlacedUpdate, attempt: int, error: StoreError) -> None:
        if self._stopped:
            return
        if attempt in (0, 4):
            log.info(
                "round %d: no content of %s's update yet: %s",
                placed.update.round,
                placed.update.device,
                error,
            )
        pause = min(self._settings.retry_most_seconds, self._settings.retry_seconds * 2 ** min(attempt, 16))
        with self._lock:
            heapq.heappush(
                self._retries, (time.monotonic() + pause, next(self._numbers), placed, attempt + 1)
            )
        self._changed()
