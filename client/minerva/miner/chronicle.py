"""Tells what happened: to the ledger, to listeners, and one line of log for each phase."""

from __future__ import annotations

import logging
import time
from itertools import islice

from minerva.miner.broadcast import Broadcaster, log_document
from minerva.miner.ledger import Ledger
from minerva.miner.situation import Situation
from minerva.miner.status import MinerStatus, Participants, Waiting
from minerva.protocol import events
from minerva.protocol.events import Log
from minerva.protocol.history import RoundRecord
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.stake_events import StakeSlashed
from minerva.protocol.state import Status

log = logging.getLogger(__name__)

MOST_NAMES = 100
"""Missing devices that are named; a federation may have tens of thousands."""


class Chronicle:
    """Follows the logs, each after the situation took it in.

    Parameters
    ----------
    owner
        Who signs for this miner.
    """

    def __init__(
        self, situation: Situation, ledger: Ledger, broadcaster: Broadcaster, owner: Address
    ) -> None:
        self._situation, self._ledger, self._broadcaster, self._owner = situation, ledger, broadcaster, owner
        self._phase_began: float | None = None
        self._round_began: float | None = None

    def missing(self) -> tuple[str, ...]:
        """Devices that the round waits for, at most `MOST_NAMES` of them."""
        return tuple(islice(self._situation.now.missing, MOST_NAMES))

    def status(self, waiting: Waiting, problems: list[str]) -> MinerStatus:
        """Tell this moment, with what is wrong."""
        s, index = self._situation.now, self._situation.index_of(self._owner)
        missing = self.missing() if s.status is Status.RUNNING else ()
        if missing:
            few = f"{len(s.missing)} of {s.expected} devices have not submitted in round {s.round}"
            problems = [*problems, few]
        if index is not None and (lack := self._situation.bonds.lack(self._owner)):
            problems = [*problems, lack]
        return MinerStatus(
            federation=self._situation.federation,
            owner=self._owner,
            miner="" if index is None else s.members[index].contract,
            index=index,
            status=s.status.name.title(),
            phase=s.phase.name.title(),
            round=s.round,
            height=s.height,
            deadline=s.deadline,
            in_snapshot=index is not None and bool(s.snapshot >> index & 1),
            weight=None if index is None else s.weights.get(index),
            stake=self._situation.bonds.status(self._owner),
            waiting=waiting,
            participants=Participants(
                s.expected, s.updates, missing, self._situation.voters.bit_count(), s.voted.bit_count()
            ),
            warnings=tuple(problems),
        )

    def note(self, entry: Log, *, live: bool) -> None:
        """Tell of a log; ``live`` unless it is of the back-fill."""
        event, ledger, s = entry.event, self._ledger, self._situation.now
        match event:
            case events.RoundOpened():
                ledger.opened(
                    event.round,
                    block=entry.block_number,
                    opened_at=entry.timestamp,
                    miners=event.snapshot.bit_count(),
                    expected=s.expected,
                )
                self._say(
                    live,
                    "round %d opens: %d miners, %d devices",
                    event.round,
                    event.snapshot.bit_count(),
                    s.expected,
                )
                self._phase_began = self._round_began = time.monotonic() if live else None
            case events.TrainingClosed():
                ledger.participants(event.round, event.updates, self.missing())
                self._timed(event.round, "training")
                self._say(live, "round %d: Training closed with %d updates", event.round, event.updates)
                if s.missing and live:
                    names = ", ".join(self.missing()[:8])
                    log.warning(
                        "round %d goes on without %d of %d devices: %s",
                        event.round,
                        len(s.missing),
                        s.expected,
                        names,
                    )
            case events.BallotCast():
                ledger.ballot(event.round, event.index, event.verdicts, entry.block_number)
            case events.VerificationClosed():
                self._timed(event.round, "verification")
                self._say(
                    live,
                    "round %d: Verification closed with %d ballots",
                    event.round,
                    event.voted.bit_count(),
                )
            case events.BlockProposed():
                self._timed(event.round, "mining")
                self._say(
                    live,
                    "round %d: miner %d proposes block %d",
                    event.round,
                    event.index,
                    event.header.number,
                )
            case events.CandidateDropped():
                self._timed(event.round, "attestation")
                self._say(
                    live,
                    "round %d: the candidate of miner %d is dropped: %s",
                    event.round,
                    event.index,
                    event.reason.name.lower(),
                )
            case events.BlockFinalized():
                self._timed(event.round, "attestation")
                self._end(event.round, f"block {event.number}", live)
            case events.RoundSkipped():
                self._end(event.round, f"skipped in {event.phase.name.title()}", live)
            case events.PhaseExtended():
                self._say(live, "round %d: %s is extended", event.round, event.phase.name.title())
            case StakeSlashed():
                if event.account == self._owner:
                    log.warning("round %d: %s", event.round, self._situation.bonds.told(event))
                    if lack := self._situation.bonds.lack(self._owner):
                        log.warning("round %d: %s", event.round, lack)
            case _:
                pass
        if live:
            self._broadcaster.publish("log", log_document(entry))

    def removed(self, entries: tuple[Log, ...]) -> None:
        """Tell of logs that a re-organisation took back."""
        first = min(entry.block_number for entry in entries)
        log.warning("a re-organisation took %d events back, from block %d on", len(entries), first)
        self._ledger.rewind(first)
        self._phase_began = self._round_began = None
        for entry in entries:
            self._broadcaster.publish("removed", log_document(entry))

    def finalized(self, entry: Log, record: RoundRecord, accepted: int) -> None:
        """Tell of a block."""
        header = record.block
        if header is None:
            return
        own = any(m.contract == header.proposer and m.owner == self._owner for m in record.miners.values())
        self._ledger.finalized(
            header,
            hash_=header.hash(),
            own=own,
            updates=len(record.updates),
            accepted=accepted,
            block=entry.block_number,
            timestamp=entry.timestamp,
        )

    def compared(self, number: int, agreed: bool) -> None:
        """Tell whether a block is the one that this miner derived."""
        self._ledger.compared(number, agreed)
        if not agreed:
            log.error(
                "block %d is not the one that this miner derived: the majority decided otherwise", number
            )

    def voted(self, updates: list[PlacedUpdate], verdicts: bytes) -> None:
        """Tell of the own ballot."""
        self._ledger.verdicts(updates, verdicts)
        refused = sum(verdict < 64 for verdict in verdicts)
        log.info(
            "round %d: votes on %d updates, %d refused", self._situation.now.round, len(verdicts), refused
        )

    def _end(self, round_: int, result: str, live: bool) -> None:
        self._ledger.ended(round_, result)
        if live and self._round_began is not None:
            ms = 1000 * (time.monotonic() - self._round_began)
            self._ledger.timing(round_, "round", ms)
            log.info("round %d: %s after %.0f ms", round_, result, ms)

    def _timed(self, round_: int, name: str) -> None:
        now = time.monotonic()
        if self._phase_began is not None:
            self._ledger.timing(round_, name, 1000 * (now - self._phase_began))
        self._phase_began = now

    @staticmethod
    def _say(live: bool, words: str, *values: object) -> None:
        if live:
            log.info(words, *values)
