"""Follows the chain: from logs to where the federation stands, and to the work on its current round."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import product

from minerva.chain.port import Change
from minerva.errors import MinervaError
from minerva.miner.chronicle import Chronicle
from minerva.miner.preparation import Preparation
from minerva.miner.situation import Situation
from minerva.miner.updates import RoundUpdates
from minerva.miner.work import RoundWork, Tip, Tools
from minerva.protocol import events
from minerva.protocol.ballots import Outcome
from minerva.protocol.events import Log
from minerva.protocol.header import Header
from minerva.protocol.history import RoundRecord
from minerva.protocol.records import Address
from minerva.protocol.state import Status
from minerva.verification.derive import Parent, compare, outcomes_of

log = logging.getLogger(__name__)


class Follower:
    """Everything that the logs determine. One thread uses it, but for what `Preparation` posts.

    Parameters
    ----------
    owner
        Who signs for this miner.
    post
        Runs a job in the daemon's thread.
    """

    def __init__(
        self,
        tools: Tools,
        chronicle: Chronicle,
        situation: Situation,
        owner: Address,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._tools, self._chronicle, self.situation, self._owner = tools, chronicle, situation, owner
        self.history = tools.history
        self.preparation = Preparation(tools, lambda work, late: post(lambda: self._adopt(work, late)))
        self.updates: RoundUpdates | None = None
        self.work: RoundWork | None = None
        self.record: RoundRecord | None = None
        """The current round, once its Verification closed."""
        self.finalized: list[Header] = []
        """Blocks, in their order."""
        self._outcomes: tuple[Outcome, ...] = ()
        self._prepared_round = 0

    def absorb(self, change: Change, *, live: bool) -> None:
        """Take logs back, and new ones in; ``live`` unless it is the back-fill."""
        if change.removed:
            self._chronicle.removed(change.removed)
            self._rewind(min(entry.block_number for entry in change.removed))
        if not live:
            self._tools.ledger.reconcile(change.added)
        self._tools.ledger.follow(change.added)
        for entry in change.added:
            self.history.apply((entry,))
            self.situation.apply((entry,))
            self._take(entry, live)
            self._chronicle.note(entry, live=live)
        if any(isinstance(entry.event, events.BlockProposed | events.Attested) for entry in change.added):
            self._remember_own()
        self._prepare()

    def drop(self) -> None:
        """Give up the work on the current round."""
        if self.work is not None:
            self.work.stop()
        self.preparation.cancel()
        self.work, self.record, self._outcomes, self._prepared_round = None, None, (), 0

    def stop(self) -> None:
        """Give everything up."""
        self.drop()
        self.preparation.stop()

    def _rewind(self, block_number: int) -> None:
        self.drop()
        self.history.rewind(block_number)
        self.situation.rewind(block_number)
        self.finalized = list(self.history.blocks)
        self.updates, current = None, self.history.current
        if current is None or self.situation.now.status is not Status.RUNNING:
            return
        self.updates = RoundUpdates(self.history.federation, current.round, current.snapshot)
        for placed in current.updates:
            self.updates.place(placed)
        if current.ballots_root is not None:
            self._decide(current)

    def _take(self, entry: Log, live: bool) -> None:
        event = entry.event
        match event:
            case events.RoundOpened():
                self.drop()
                self.updates = RoundUpdates(self.history.federation, event.round, event.snapshot)
            case events.UpdateSubmitted() if self.updates is not None:
                placed = self.updates.add(entry, event, self.situation.now.members)
                if placed is not None:
                    self._tools.ledger.seen(placed)
                    if self.work is not None:
                        self.work.see(placed)
            case events.VerificationClosed():
                record = self.history.round(event.round)
                self._decide(record)
                if live:
                    self._release(record, self.work)
            case events.BlockFinalized():
                self._finish(entry, self.history.round(event.round), live)
            case events.RoundSkipped():
                self.drop()
                self.updates = None

    def _decide(self, record: RoundRecord) -> None:
        self.record = record
        self._outcomes = outcomes_of(self._tools.genesis, record)
        self._tools.ledger.outcomes(record.updates, self._outcomes)

    def _finish(self, entry: Log, record: RoundRecord, live: bool) -> None:
        """Keep a block, and what was derived here to begin the next round from, if it is the same."""
        header, work = record.block, self.work
        if header is None:
            return
        self._chronicle.finalized(entry, record, sum(outcome.accepted for outcome in self._outcomes))
        if work is not None:
            work.compare_later(header, lambda agreed: self._chronicle.compared(header.number, agreed))
        derivation = work.derivation if work is not None else None
        if derivation is not None and compare(header, derivation) is None:
            earned = derivation.proposed(header.proposer).earned
            parent = Parent(header.number, header.hash(), header.model, derivation.rates, earned)
            self.preparation.remember(Tip(parent, derivation.model, derivation.state))
        if live:
            self._keep(header, record, work)
            if self._tools.canaries is not None:
                self._tools.canaries.draw(record, self._outcomes, self._tools.reader)
        self.finalized.append(header)
        self.drop()
        self.updates = None

    def _keep(self, header: Header, record: RoundRecord, work: RoundWork | None) -> None:
        """Pin what a block names and this miner does not hold, and unpin what is old."""
        keeper = self._tools.keeper
        if work is None or not work.keeps(header):
            keeper.pin_later(header.body, "body", record.round)
            keeper.pin_later(header.model, "model", record.round)
        for placed, outcome in zip(record.updates, self._outcomes, strict=True):
            if outcome.accepted and not (work is not None and work.intake.holds(placed)):
                keeper.pin_later(placed.update.cid, "update", record.round)
        self._release(record, work)
        keeper.expire(record.round)

    def _release(self, record: RoundRecord, work: RoundWork | None) -> None:
        """Unpin contents that neither all ballots together nor this miner accept, by whatever record."""
        updates = record.updates
        passes = work.intake.passes(updates) if work is not None else [False] * len(updates)
        kept = {
            placed.update.cid
            for placed, outcome, passing in zip(updates, self._outcomes, passes, strict=True)
            if outcome.accepted or passing
        }
        self._tools.keeper.release({placed.update.cid for placed in updates} - kept, record.round)

    def _remember_own(self) -> None:
        """Keep to what this miner said on the chain, should its own record not have it."""
        record = self.history.current
        if record is None:
            return
        mine = [index for index, miner in record.miners.items() if miner.owner == self._owner]
        for own, candidate in product(mine, record.candidates):
            try:
                if candidate.index == own:
                    self._tools.protection.propose(candidate.header)
                elif (candidate.approvals | candidate.rejections) >> own & 1:
                    approve = bool(candidate.approvals >> own & 1)
                    self._tools.protection.attest(candidate.hash, record.round, approve)
            except MinervaError as error:
                log.error("round %d: the chain has what this process did not sign: %s", record.round, error)

    def _prepare(self) -> None:
        """Start preparing the open round, if this miner takes part and that was not done."""
        s = self.situation.now
        index = self.situation.index_of(self._owner)
        takes_part = index is not None and bool(s.snapshot >> index & 1)
        if s.status is Status.RUNNING and takes_part and self._prepared_round != s.round:
            self._prepared_round = s.round
            self.preparation.begin(
                self.history.round(s.round), self.finalized[-1] if self.finalized else None
            )

    def _adopt(self, work: RoundWork, late: threading.Event) -> None:
        if late.is_set() or self.updates is None:
            work.stop()
            return
        self.work = work
        for placed in self.updates.ordered:
            work.see(placed)
