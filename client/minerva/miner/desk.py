"""Where devices hand in and fetch bytes over HTTP: the part of the miner that the API's threads use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from minerva.errors import ContentTooLarge
from minerva.miner.contents import Contents
from minerva.miner.keeper import Keeper
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.updates import RoundUpdates
from minerva.miner.view import PushRefused
from minerva.miner.work import RoundWork
from minerva.protocol.blocks import MAX_BODY_BYTES
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.records import PlacedUpdate
from minerva.protocol.state import FederationConfig

_IMPATIENT_SECONDS = 0.1
_UNKNOWN_SECONDS = 0.5


class Desk:
    """Takes updates in that the chain knows, and hands out what the federation knows.

    The daemon tells it where the chain stands with `moved`; everything else is for any thread.
    """

    def __init__(
        self,
        contents: Contents,
        keeper: Keeper,
        ledger: Ledger,
        config: FederationConfig,
        settings: MinerSettings,
        max_content_bytes: int,
        max_state_bytes: int = 0,
    ) -> None:
        self._contents, self._keeper, self._ledger = contents, keeper, ledger
        self._config, self._settings, self._most = config, settings, max_content_bytes
        self._most_state = max_state_bytes
        self._moved = threading.Condition()
        self._patience = threading.BoundedSemaphore(max(1, settings.api_threads // 2))
        self._updates: RoundUpdates | None = None
        self._work: RoundWork | None = None
        self._head = 0
        self._finalized: list[Header] = []
        self._known = 0
        self._kinds = self._of_genesis()

    def moved(
        self, updates: RoundUpdates | None, work: RoundWork | None, finalized: list[Header], head: int
    ) -> None:
        """Take note of the open round's updates, the work on it, the blocks, and the chain's latest block.

        ``finalized`` is a list that grows, and another one after a re-organisation.
        """
        with self._moved:
            self._updates, self._work, self._head = updates, work, head
            if finalized is not self._finalized:
                self._finalized, self._known = finalized, 0
                self._kinds = self._of_genesis()
            for header in finalized[self._known :]:
                self._kinds[header.body], self._kinds[header.model] = "body", "model"
            self._known = len(finalized)
            self._moved.notify_all()

    def expect(self, cid: Cid) -> None:
        """See `MinerView.expect`."""
        with self._patient() as patient:
            deadline = time.monotonic() + (
                self._settings.push_wait_seconds if patient else _IMPATIENT_SECONDS
            )
            with self._moved:
                while (refusal := self._obstacle(cid)) is not None:
                    left = deadline - time.monotonic()
                    if (
                        left <= 0
                    ):  # also after 409: the refused record may be a stranger's, the device's to come
                        raise refusal
                    self._moved.wait(left)

    def take(self, cid: Cid, content: bytes) -> None:
        """See `MinerView.take`: judged first, as the round may wait for it; stored before the answer."""
        records, work, round_ = self._find(cid), self._work, self._updates.round if self._updates else 0
        self._contents.remember(cid, content)
        for placed in records:
            if work is not None and work.round == placed.update.round:
                work.intake.offer(placed, content, "push")
        self._keeper.put(cid, content, "update", round_)

    def kind_of(self, cid: Cid) -> str | None:
        """See `MinerView.kind_of`. A device may hear of a block before this miner does: unknown CIDs get a moment."""
        deadline = time.monotonic() + min(_UNKNOWN_SECONDS, self._settings.push_wait_seconds)
        with self._patient() as patient, self._moved:
            while (kind := self._kind(cid)) is None and patient:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._moved.wait(left)
            return kind

    def content(self, cid: Cid) -> bytes:
        """See `MinerView.content`."""
        kind = self._kind(cid)
        documents = kind in ("manifest", "body")
        cap = MAX_BODY_BYTES if documents else self._most_state if kind == "state" else self._most
        data, _ = self._contents.fetch(cid, max_bytes=cap, timeout=self._settings.content_seconds)
        if len(data) > cap:
            raise ContentTooLarge("the content is longer than the federation allows", value=str(cid))
        return data

    @contextmanager
    def _patient(self) -> Iterator[bool]:
        """Whether this request may wait: half of the threads may at a time, so that strangers cannot hold all."""
        patient = self._patience.acquire(blocking=False)
        try:
            yield patient
        finally:
            if patient:
                self._patience.release()

    def _kind(self, cid: Cid) -> str | None:
        kind = self._kinds.get(cid)
        if kind is None:
            known = (
                "SELECT 'update' AS kind FROM updates WHERE cid = ? AND accepted"
                " UNION ALL SELECT kind FROM pins WHERE cid = ? AND kind = 'state' LIMIT 1"
            )
            rows = self._ledger.rows(known, (str(cid), str(cid)))
            kind = str(rows[0]["kind"]) if rows else None
        return kind

    def _of_genesis(self) -> dict[Cid, str]:
        return {self._config.manifest: "manifest", self._config.model: "model"}

    def _find(self, cid: Cid) -> list[PlacedUpdate]:
        return list(self._updates.by_cid.get(cid, ())) if self._updates else []

    def _obstacle(self, cid: Cid) -> PushRefused | None:
        """Why the content behind ``cid`` is not taken, or not yet."""
        if self._updates is None:
            return PushRefused(404, "no round takes updates now", value=str(cid), remedy="See /status.")
        records = self._find(cid)
        if not records:
            return PushRefused(
                404,
                f"no record of round {self._updates.round} commits to this CID",
                value=str(cid),
                remedy="Submit the record first.",
            )
        refusals = [self._work.intake.refusal(placed) if self._work else None for placed in records]
        passing = [placed for placed, refusal in zip(records, refusals, strict=True) if refusal is None]
        first = min(placed.block_number for placed in passing or records)
        missing = first + self._config.confirmations - self._head
        if missing > 0:
            return PushRefused(
                425,
                f"the record needs {missing} more confirmations",
                value=str(cid),
                remedy="Push again then.",
            )
        if not passing and refusals[0] is not None:
            return PushRefused(
                409,
                f"the update is refused: {refusals[0].words}",
                value=str(cid),
                remedy="Its content changes nothing.",
            )
        return None
