"""Canaries on the miner: draw devices after a block, serve what they are asked, judge and keep what they say (V15, V16).

Evidence for people: nothing of it is a reason in a ballot.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from minerva.errors import StoreError
from minerva.learning.parsing import UpdateRefused, parse
from minerva.learning.steps import arrays_hash
from minerva.miner.contents import Contents
from minerva.miner.ledger import Ledger, Row
from minerva.miner.settings import MinerSettings
from minerva.miner.view import PushRefused
from minerva.miner.workers import Workers
from minerva.protocol.ballots import Outcome
from minerva.protocol.canary import Answer, Challenge, Commitment, is_drawn
from minerva.protocol.evidence import Malformed
from minerva.protocol.history import RoundRecord
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.state import FederationConfig
from minerva.sealing.reading import Reader

log = logging.getLogger(__name__)

OUTCOMES = ("asked", "answered", "wrong", "late", "unanswered")
MOST_ROWS = 100
_TRAININGS = 2
"""Each may take ``trainingSeconds``: the next round's, which comes first, and the one that is done again."""
_OUTCOME = "CASE WHEN outcome <> '' THEN outcome WHEN due < ? THEN 'unanswered' ELSE 'asked' END"


class Canaries:
    """The canaries of one miner, in its ledger; any thread.

    Parameters
    ----------
    now
        The time in seconds; for tests.
    """

    def __init__(
        self, ledger: Ledger, contents: Contents, workers: Workers, settings: MinerSettings, config: FederationConfig,
        federation: Address, chain_id: int, owner: Address, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._ledger, self._contents, self._workers = ledger, contents, workers
        self._settings, self._config = settings, config
        self._federation, self._chain_id, self._owner = federation, chain_id, owner
        self._now, self._lock = now, threading.Lock()

    # -- asking

    def draw(self, record: RoundRecord, outcomes: Sequence[Outcome], reader: Reader) -> None:
        """Ask this miner's accepted devices that the round's block draws; after the last round nobody waits any more."""
        if record.block is None or not self._settings.canary_share or record.round >= self._config.rounds:
            return
        block = record.block.hash()
        own = {info.contract for info in record.miners.values() if info.owner == self._owner}
        for placed, outcome in zip(record.updates, outcomes, strict=True):
            update = placed.update
            if outcome.accepted and update.miner in own:
                if is_drawn(block, update.device, self._settings.canary_share):
                    self._workers.submit(lambda placed=placed: self.ask(placed, block, reader))  # type: ignore[misc]

    def ask(self, placed: PlacedUpdate, block: bytes, reader: Reader) -> None:
        """Ask for a slice of what the update's device committed to, if it did."""
        update = placed.update
        try:
            data, _ = self._contents.fetch(
                update.cid, max_bytes=reader.limit(self._config.max_model_bytes),
                timeout=self._settings.content_seconds,
            )  # fmt: skip
        except StoreError as error:
            log.warning("round %d: no canary of %s: %s", update.round, update.device, error)
            return
        found = reader.content(placed, data)
        try:
            weights = parse(found) if isinstance(found, bytes) else None
        except UpdateRefused:
            weights = None
        commitment = Commitment.parse(weights.metadata.get("steps", "")) if weights is not None else None
        if weights is None or commitment is None:
            return
        challenge = Challenge.of(update.round, block, update.device, commitment.count)
        asked = self._now()
        due = asked + _TRAININGS * self._config.training_seconds
        with self._lock:
            known = self._ledger.rows(
                "SELECT block FROM canaries WHERE (round, device) = (?, ?)", (update.round, update.device)
            )
            if known and known[0]["block"] == block:
                return
            self._ledger.note(
                "INSERT OR REPLACE INTO canaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULL)",
                (update.round, update.device, block, str(commitment), challenge.first, challenge.taken,
                 arrays_hash(weights.arrays), update.compute_us / 1000, asked, due),
            )  # fmt: skip
            self._ledger.flush()
        log.info("round %d: %s is asked for a canary", update.round, update.device)

    def open(self, device: Address) -> list[Challenge]:
        """Return what this device is asked and has not answered in time."""
        rows = self._ledger.rows(
            "SELECT * FROM canaries WHERE device = ? AND outcome = '' AND due >= ? ORDER BY round LIMIT ?",
            (device, self._now(), MOST_ROWS),
        )
        return [_challenge(row) for row in rows]

    # -- judging

    def answer(self, round_: int, device: Address, data: bytes) -> str:
        """Judge an answer and keep the outcome; raises `PushRefused` for one that is not by the device, or not wanted."""
        try:
            answer = Answer.parse(data)
        except Malformed as error:
            raise PushRefused(
                422, "that is no answer to a canary", value=error, remedy="docs/SPECIFICATION.md, V16."
            ) from None
        with self._lock:
            rows = self._ledger.rows(
                "SELECT * FROM canaries WHERE (round, device) = (?, ?)", (min(round_, 1 << 32), device)
            )
            if not rows:
                raise PushRefused(404, "the device was asked for no canary in this round", value=round_)
            if not answer.is_by(self._federation, round_, device, self._chain_id):
                raise PushRefused(
                    403,
                    "the answer is not signed by the device",
                    value=device,
                    remedy="Sign it with its key.",
                )
            row, now = rows[0], self._now()
            if row["outcome"]:
                raise PushRefused(409, "the canary has its outcome already", value=row["outcome"])
            outcome, took = self._judge(row, answer, now), 1000 * (now - row["asked_at"])
            self._ledger.note(
                "UPDATE canaries SET outcome = ?, took_ms = ? WHERE (round, device) = (?, ?)",
                (outcome, took, round_, device),
            )
            self._ledger.flush()
        level = logging.INFO if outcome == "answered" else logging.WARNING
        log.log(level, "round %d: the canary of %s: %s, after %.0f ms; its record claims %.0f ms",
                round_, device, outcome, took, row["claimed_ms"])  # fmt: skip
        return outcome

    def _judge(self, row: Row, answer: Answer, now: float) -> str:
        commitment = Commitment.parse(row["steps"])
        if commitment is None or not answer.shows(_challenge(row), commitment, row["last"]):
            return "wrong"
        return "answered" if now <= row["due"] else "late"

    # -- telling

    def counts(self) -> dict[str, int]:
        """Return how many canaries have which outcome; empty before the first."""
        rows = self._ledger.rows(
            f"SELECT {_OUTCOME} AS outcome, COUNT(*) AS n FROM canaries GROUP BY 1", (self._now(),)
        )
        return {
            row["outcome"]: row["n"] for row in sorted(rows, key=lambda row: OUTCOMES.index(row["outcome"]))
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the last canaries, at most `MOST_ROWS`, the latest first."""
        return self._ledger.rows(
            f"SELECT round, device, steps, first, taken, {_OUTCOME} AS outcome, claimed_ms, took_ms, asked_at, due"
            " FROM canaries ORDER BY round DESC, device LIMIT ?",
            (self._now(), MOST_ROWS),
        )


def _challenge(row: Row) -> Challenge:
    return Challenge(row["round"], row["block"], row["first"], row["taken"])
