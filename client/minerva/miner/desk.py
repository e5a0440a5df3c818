"""Where devices hand in and fetch bytes over HTTP: the part of the miner that the API's threads use."""

from __future__ import annotations

import threading
import time

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
    ) -> None:
        self._contents, self._keeper, self._ledger = contents, keeper, ledger
        self._config, self._settings = config, settings
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
        """See `MinerView.expect`. Half of the threads may wait long: strangers cannot hold them all."""
        patient = self._patience.acquire(blocking=False)
        try:
            deadline = time.monotonic() + (
                self._settings.push_wait_seconds if patient else _IMPATIENT_SECONDS
            )
            with self._moved:
                while (refusal := self._obstacle(cid)) is not None:
                    left = deadline - time.monotonic()
                    if left <= 0 or refusal.status == 409:
                        raise refusal
                    self._moved.wait(left)
        finally:
            if patient:
                self._patience.release()

    def take(self, cid: Cid, content: bytes) -> None:
        """See `MinerView.take`: judged first, as the round may wait for it; stored before the answer."""
        placed, work, round_ = self._find(cid), self._work, self._updates.round if self._updates else 0
        self._contents.remember(cid, content)
        if work is not None and placed is not None and work.round == placed.update.round:
            work.intake.offer(placed, content, "push")
        self._keeper.put(cid, content, "update", round_)

    def kind_of(self, cid: Cid) -> str | None:
        """See `MinerView.kind_of`."""
        kind = self._kinds.get(cid)
        if kind is None and self._ledger.rows(
            "SELECT 1 FROM updates WHERE cid = ? AND accepted LIMIT 1", (str(cid),)
        ):
            return "update"
        return kind

    def content(self, cid: Cid) -> bytes:
        """See `MinerView.content`."""
        documents = ("manifest", "body")
        cap = MAX_BODY_BYTES if self._kinds.get(cid) in documents else self._config.max_model_bytes
        data, _ = self._contents.fetch(cid, max_bytes=cap, timeout=self._settings.content_seconds)
        if len(data) > cap:
            raise ContentTooLarge("the content is longer than the federation allows", value=str(cid))
        return data

    def _of_genesis(self) -> dict[Cid, str]:
        return {self._config.manifest: "manifest", self._config.model: "model"}

    def _find(self, cid: Cid) -> PlacedUpdate | None:
        return self._updates.by_cid.get(cid) if self._updates else None

    def _obstacle(self, cid: Cid) -> PushRefused | None:
        """Why the content behind ``cid`` is not taken, or not yet."""
        if self._updates is None:
            return PushRefused(404, "no round takes updates now", value=str(cid), remedy="See /status.")
        placed = self._find(cid)
        if placed is None:
            return PushRefused(
                404,
                f"no record of round {self._updates.round} commits to this CID",
                value=str(cid),
                remedy="Submit the record first.",
            )
        missing = placed.block_number + self._config.confirmations - self._head
        if missing > 0:
            return PushRefused(
                425,
                f"the record needs {missing} more confirmations",
                value=str(cid),
                remedy="Push again then.",
            )
        refusal = self._work.intake.refusal(placed) if self._work else None
        if refusal is not None:
            return PushRefused(
                409,
                f"the update is refused: {refusal.words}",
                value=str(cid),
                remedy="Its content changes nothing.",
            )
        return None
