"""What became of the updates: each block that ends a round says whether it was accepted, and if not, why."""

from __future__ import annotations

import logging

from minerva.chain.port import Chain, Change
from minerva.device.settings import DeviceSettings
from minerva.device.transport import Transport
from minerva.device.view import View
from minerva.errors import MinervaError
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.cid import Cid
from minerva.protocol.events import BlockFinalized, BlockProposed, RoundSkipped
from minerva.protocol.header import Header
from minerva.protocol.reasons import words

log = logging.getLogger(__name__)

_TRIES = 3
_FETCH_SECONDS = 10.0
"""A body that is not at hand must not hold the next round up for long."""


class Verdicts:
    """The rounds that this device waits for the block of.

    Attributes
    ----------
    last
        The last verdict in words; empty before the first.
    """

    def __init__(self, chain: Chain, view: View, transport: Transport, settings: DeviceSettings) -> None:
        self._chain, self._view, self._transport = chain, view, transport
        self._seconds = min(_FETCH_SECONDS, settings.fetch_seconds)
        self._expected: dict[int, Cid] = {}
        self._tries: dict[int, int] = {}
        self._headers: dict[bytes, Header] = {}
        self._ends: dict[int, bytes | None] = {}
        self.last = ""

    @property
    def rounds(self) -> list[int]:
        """The rounds whose verdict is not known yet."""
        return sorted(self._expected)

    def expect(self, round_: int, cid: Cid) -> None:
        """Wait for the verdict on the update that was submitted in this round."""
        self._expected[round_] = cid

    def absorb(self, change: Change) -> None:
        """Take the logs in."""
        for entry in change.removed:
            if isinstance(entry.event, BlockFinalized | RoundSkipped):
                self._ends.pop(entry.event.round, None)
        for entry in change.added:
            match entry.event:
                case BlockProposed() as event:
                    self._headers[event.hash] = event.header
                case BlockFinalized() as event:
                    self._ends[event.round] = event.hash
                case RoundSkipped() as event:
                    self._ends[event.round] = None

    def settle(self) -> None:
        """Log the verdicts of the blocks that ended the awaited rounds; a body nobody serves is given up."""
        for round_ in sorted(set(self._expected) & set(self._ends)):
            hash_ = self._ends[round_]
            if hash_ is None:
                self._conclude(round_, "the round was skipped")
                continue
            header = self._headers.get(hash_)
            if header is None or header.hash() != self._chain.block_of(self._view.federation, round_):
                self._conclude(round_, "its block is not known here")
                continue
            try:
                self._conclude(round_, self._verdict(round_, header))
            except MinervaError as error:
                self._tries[round_] = self._tries.get(round_, 0) + 1
                if self._tries[round_] == _TRIES:
                    self._conclude(round_, f"the block's body cannot be read: {error}")
        rounds = [*self._ends, *(header.round for header in self._headers.values())]
        self._prune(min(self._expected, default=max(rounds, default=0)))

    def _verdict(self, round_: int, header: Header) -> str:
        data = self._transport.fetch(
            header.body, self._view.endpoints, max_bytes=MAX_BODY_BYTES, timeout=self._seconds
        )
        body = Body.from_bytes(data)
        for update, outcome in zip(body.updates, body.outcomes, strict=True):
            if update.device == self._view.device and update.cid == self._expected[round_]:
                return "accepted" if outcome.accepted else f"refused: {words(outcome.reason)}"
        return "not in the block"

    def _conclude(self, round_: int, verdict: str) -> None:
        del self._expected[round_]
        self.last = f"round {round_}: {verdict}"
        log.log(logging.INFO if verdict == "accepted" else logging.WARNING, "%s", self.last)

    def _prune(self, oldest: int) -> None:
        self._headers = {hash_: header for hash_, header in self._headers.items() if header.round >= oldest}
        self._ends = {round_: hash_ for round_, hash_ in self._ends.items() if round_ >= oldest}
