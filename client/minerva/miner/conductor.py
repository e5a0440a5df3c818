"""Does what is to be done: asks what the duties are, and sets deriving, searching and sending in motion."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from minerva.chain.port import Change
from minerva.miner.chronicle import Chronicle
from minerva.miner.clock import ChainClock
from minerva.miner.duties import Duties, Duty, Readiness
from minerva.miner.follower import Follower
from minerva.miner.sender import Sender
from minerva.miner.settings import MinerSettings
from minerva.miner.signing import Signing
from minerva.miner.updates import RoundUpdates
from minerva.miner.work import RoundWork
from minerva.protocol import actions
from minerva.protocol.actions import Action
from minerva.protocol.records import Address
from minerva.protocol.state import Phase, Status

log = logging.getLogger(__name__)

_SOON = 0.001
"""Seconds added to a wait for a point in time, so that it has passed afterwards."""


class Conductor:
    """The acting half of the daemon's thread.

    Parameters
    ----------
    owner
        Who signs for this miner.
    """

    def __init__(
        self,
        follower: Follower,
        chronicle: Chronicle,
        sender: Sender,
        signing: Signing,
        clock: ChainClock,
        owner: Address,
        settings: MinerSettings,
    ) -> None:
        self._follower, self._chronicle = follower, chronicle
        self._sender, self._signing = sender, signing
        self._clock, self._owner, self._settings = clock, owner, settings
        self._situation = follower.situation
        self._duties = Duties(self._situation, owner, settings)
        self._closable_since: float | None = None
        self._moved_at = time.monotonic()
        self._round = 0

    def heard(self, change: Change) -> None:
        """Take note of the chain's time, and that something happened."""
        if change.removed:
            self._sender.forget()
            self._clock.reset(change.head.timestamp)
        self._clock.observe(change.head.timestamp)
        if change.added or change.removed:
            self._moved_at = time.monotonic()

    def looked(self, now: int, due: bool) -> None:
        """Take the chain's own word for the time (seconds) and for what is due: the net under the logs."""
        if now + 2 < self._clock.now():
            self._clock.reset(now)
        self._clock.observe(now)
        s, quiet = self._situation.now, time.monotonic() - self._moved_at
        if due and quiet > self._settings.heartbeat_seconds and s.status in (Status.RUNNING, Status.WAITING):
            log.warning("round %d: something is due and nobody does it", s.round)
            tick = actions.Tick(
                self._situation.federation,
                s.round,
                s.deadline if s.status is Status.RUNNING else now,
                s.phase,
            )
            self._sender.send("safety net", lambda: tick, s.round)

    def step(self) -> tuple[Duty, float]:
        """Do what is to be done; return it, and the seconds until more may be, if nothing happens."""
        s, work, now = self._situation.now, self._follower.work, self._clock.now()
        if s.round != self._round:
            self._round = s.round
            self._sender.forget()
        if not self._duties.closable(now):
            self._closable_since = None
        elif self._closable_since is None:
            self._closable_since = now
        waits = [self._settings.heartbeat_seconds]
        if work is not None:
            self._advance(work)
            again = work.again_in()
            waits += [] if again is None else [again]
        duty = self._duties.next(self._readiness(work), now)
        at = self._act(duty, work)
        waits += [] if at is None else [at - time.monotonic()]
        if duty.look_at is not None:
            waits.append(duty.look_at - now)
        return duty, max(0.0, min(waits)) + _SOON

    def _act(self, duty: Duty, work: RoundWork | None) -> float | None:
        """Send what the duty asks for; when, by `time.monotonic`, to try again if that cannot be now."""
        updates, action = self._follower.updates, duty.action
        if duty.vote and work is not None and updates is not None:
            key = f"vote/{updates.root.hex()}"
            sent = self._vote(key, work, updates)
        elif action is not None:
            waiting = isinstance(action, actions.Tick) and self._situation.now.status is Status.WAITING
            key = "opening" if waiting else action.intent
            sent = self._sender.send(key, self._make(action), self._situation.now.round)
        else:
            return None
        return None if sent or self._sender.busy else self._sender.ready_at(key)

    def _make(self, action: Action) -> Callable[[], Action]:
        """Return what the sender makes the action with: what is said of candidates is signed first."""
        seen = self._situation.now.candidate
        match action:
            case actions.Propose():
                return lambda: self._signing.propose(action)
            case actions.Attest() if seen is not None:
                return lambda: self._signing.attest(action, seen.header)
            case _:
                return lambda: action

    def _vote(self, key: str, work: RoundWork, updates: RoundUpdates) -> bool:
        root, ordered = updates.root, updates.ordered

        def ballot() -> actions.Vote:
            verdicts = work.intake.verdicts(ordered)
            self._chronicle.voted(ordered, verdicts)
            return actions.Vote(self._situation.federation, work.round, root, verdicts)

        return self._sender.send(key, ballot, work.round)

    def _advance(self, work: RoundWork) -> None:
        """Let deriving and searching go on; stop the search when somebody else's candidate is there."""
        s, record, index = self._situation.now, self._follower.record, self._situation.index_of(self._owner)
        if record is None or index is None:
            return
        work.derive(record, s.members[index].contract)
        mining = s.status is Status.RUNNING and s.phase is Phase.MINING and not s.barred >> index & 1
        if mining and not self._situation.takes_turns:
            work.search(record, s.members[index].contract, s.difficulty)
        else:
            work.halt()

    def _readiness(self, work: RoundWork | None) -> Readiness:
        follower, candidate = self._follower, self._situation.now.candidate
        if work is None:
            return Readiness(
                working=follower.preparation.problem or "the parent's model",
                closable_since=self._closable_since,
            )
        index = self._situation.index_of(self._owner)
        header = None
        if follower.record is not None and index is not None:
            contract, turns = self._situation.now.members[index].contract, self._situation.takes_turns
            if not turns or self._situation.proposer == index:
                difficulty = None if turns else self._situation.now.difficulty
                header = work.candidate(follower.record, contract, difficulty=difficulty)
        return Readiness(
            prepared=True,
            pending=work.intake.pending,
            candidate=header,
            agrees=None if candidate is None else work.agrees(candidate.hash, candidate.header),
            working=work.working,
            closable_since=self._closable_since,
        )
