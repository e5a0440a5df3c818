"""What a miner has to do now: a pure function of where the federation stands and what the miner has ready."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.miner.settings import MinerSettings
from minerva.miner.situation import Situation
from minerva.miner.status import Waiting
from minerva.protocol import actions
from minerva.protocol.actions import Action
from minerva.protocol.header import Header
from minerva.protocol.records import Address, indices
from minerva.protocol.state import Phase, Status


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the miner has of the current round.

    ``prepared``: parent's model and judge are here. ``pending``: updates not judged yet. ``candidate``: the
    own header, its content stored. ``agrees``: about the candidate on the chain; None while it cannot be
    told. ``working``: in words, what of the own block is not there yet. ``closable_since``: when (seconds
    of the chain) Training could first close; None while it cannot.
    """

    prepared: bool = False
    pending: int = 0
    candidate: Header | None = None
    agrees: bool | None = None
    working: str = ""
    closable_since: float | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """What to do now, if anything, and what is waited for otherwise.

    ``vote`` asks for a ballot, which costs something to make; ``action`` is anything else. ``look_at``:
    when (seconds of the chain) to look again even if nothing happens.
    """

    waiting: Waiting
    action: Action | None = None
    vote: bool = False
    look_at: float | None = None


class Duties:
    """The duties of one miner.

    Parameters
    ----------
    owner
        Who signs for the miner.
    """

    def __init__(self, situation: Situation, owner: Address, settings: MinerSettings) -> None:
        self._situation, self._owner, self._settings = situation, owner, settings
        self._config = situation.config

    def closable(self, now: float) -> bool:
        """Whether Training can close (P2)."""
        s = self._situation.now
        enough = s.updates >= self._config.min_updates
        return (
            s.status is Status.RUNNING
            and s.phase is Phase.TRAINING
            and enough
            and (not s.missing or now >= s.deadline)
        )

    def next(self, ready: Readiness, now: float) -> Duty:
        """Say what to do at ``now`` (seconds of the chain)."""
        s = self._situation.now
        index = self._situation.index_of(self._owner)
        if s.status is Status.CLOSED:
            return Duty(Waiting("nothing: the federation is closed"))
        if s.status is Status.PAUSED:
            return self._paused(index, now)
        if index is None:
            return Duty(Waiting("its registration as a miner"))
        lack = self._situation.bonds.lack(self._owner)
        if s.dormant >> index & 1 and not lack:
            returns = s.returns.get(index, 0)
            check_in = actions.CheckInMiner(self._situation.federation, s.round, returns)
            return Duty(Waiting("its return from dormancy at the next opening"), check_in)
        if s.dormant >> index & 1 and not (s.status is Status.RUNNING and s.snapshot >> index & 1):
            return Duty(Waiting(f"a deposit, since {lack}"))
        if s.status is Status.WAITING:
            return self._waiting(index, now)
        if not s.snapshot >> index & 1:
            return self._late(index, now) or Duty(
                Waiting("the next opening, to take part", s.deadline), look_at=s.deadline
            )
        if s.phase is not Phase.TRAINING and not self._situation.voters >> index & 1:
            return self._late(index, now) or Duty(
                Waiting("the voters of this round, of whom it is none", s.deadline), look_at=s.deadline
            )
        steps = {
            Phase.TRAINING: self._training,
            Phase.VERIFICATION: self._verification,
            Phase.MINING: self._mining,
            Phase.ATTESTATION: self._attestation,
        }
        return steps[s.phase](index, ready, now)

    # -- phases ----------------------------------------------------------------------------------------------

    def _training(self, index: int, ready: Readiness, now: float) -> Duty:
        s = self._situation.now
        if self.closable(now):
            if ready.prepared and not ready.pending and self._situation.voters >> index & 1:
                return Duty(Waiting("the close of Training, by its own ballot", s.deadline), vote=True)
            since = now if ready.closable_since is None else ready.closable_since
            at = since + self._settings.tick_delay_seconds + self._turn(index)
            what = (
                f"the content of {ready.pending} updates"
                if ready.prepared
                else "the parent's model, to judge by"
            )
            return self._tick_at(at, now, Waiting(what, s.deadline))
        what = (
            f"{len(s.missing)} of {s.expected} devices"
            if s.missing
            else f"at least {self._config.min_updates} updates"
        )
        return self._late(index, now) or Duty(Waiting(what, s.deadline), look_at=s.deadline)

    def _verification(self, index: int, ready: Readiness, now: float) -> Duty:
        s = self._situation.now
        if s.voted >> index & 1:
            others = (self._situation.voters & ~s.voted).bit_count()
            return self._late(index, now) or Duty(
                Waiting(f"the ballots of {others} miners", s.deadline), look_at=s.deadline
            )
        quorum = 3 * self._situation.weigh(s.voted) >= 2 * self._situation.weigh(self._situation.voters)
        if now >= s.deadline and quorum:
            return self._late(index, now) or Duty(Waiting("the close of Verification", s.deadline))
        if ready.prepared and (not ready.pending or now >= s.fetch_deadline):
            return Duty(Waiting("its own ballot", s.deadline), vote=True)
        late = self._late(index, now)
        if late:
            return late
        if not ready.prepared:
            return Duty(Waiting("the parent's model, to judge by", s.deadline), look_at=s.deadline)
        return Duty(
            Waiting(f"the content of {ready.pending} updates", s.fetch_deadline), look_at=s.fetch_deadline
        )

    def _mining(self, index: int, ready: Readiness, now: float) -> Duty:
        s = self._situation.now
        barred = bool(s.barred >> index & 1)
        if ready.candidate is not None and not barred:
            propose = actions.Propose(self._situation.federation, ready.candidate, s.turn)
            return Duty(Waiting("its own candidate", s.deadline), propose)
        turn = self._situation.proposer
        if barred:
            what = "a candidate of another miner (its own was rejected)"
        elif turn is not None and turn != index:
            what = f"the candidate of miner {turn}, whose turn it is"
        else:
            what = ready.working
        return self._late(index, now) or Duty(Waiting(what, s.deadline), look_at=s.deadline)

    def _attestation(self, index: int, ready: Readiness, now: float) -> Duty:
        s = self._situation.now
        late = self._late(index, now)
        if late:
            return late
        candidate = s.candidate
        if candidate is None or s.attested >> index & 1:
            return Duty(Waiting("a majority of attestations", s.deadline), look_at=s.deadline)
        if ready.agrees is None:
            return Duty(Waiting(f"{ready.working}; until then it abstains", s.deadline), look_at=s.deadline)
        attest = actions.Attest(self._situation.federation, s.round, candidate.hash, ready.agrees, s.turn)
        return Duty(Waiting("its own attestation", s.deadline), attest)

    def _waiting(self, index: int, now: float) -> Duty:
        if self._situation.unfunded:
            return Duty(Waiting(self._situation.unfunded))
        config, mask = self._config, self._situation.eligible
        miners = mask.bit_count()
        devices = len(self._situation.counting(self._situation.now.round + 1, mask))
        if miners < config.min_miners:
            return Duty(Waiting(f"{config.min_miners - miners} more miners"))
        if devices < config.min_devices:
            return Duty(Waiting(f"{config.min_devices - devices} more devices"))
        return self._tick_at(
            self._situation.now.waiting_since + self._turn(index),
            now,
            Waiting("the opening of the next round"),
        )

    def _paused(self, index: int | None, now: float) -> Duty:
        s = self._situation.now
        until = s.paused_at + self._config.max_pause_seconds - s.paused_seconds
        waiting = Waiting("the requester, who paused the federation", until)
        at = until + (0.0 if index is None else self._turn(index))
        if now >= at:
            return Duty(waiting, actions.Unpause(self._situation.federation, s.paused_at))
        return Duty(waiting, look_at=at)

    # -- what is due -----------------------------------------------------------------------------------------

    def _late(self, index: int, now: float) -> Duty | None:
        """Tick once the deadline passed and it is this miner's turn."""
        s = self._situation.now
        if now < s.deadline:
            return None
        return self._tick_at(
            s.deadline + self._turn(index), now, Waiting("what is due since the deadline", s.deadline)
        )

    def _tick_at(self, at: float, now: float, waiting: Waiting) -> Duty:
        s = self._situation.now
        if now < at:
            return Duty(waiting, look_at=at)
        deadline = s.deadline if s.status is Status.RUNNING else int(now)
        return Duty(waiting, actions.Tick(self._situation.federation, s.round, deadline, s.phase))

    def _turn(self, index: int) -> float:
        """Say how many seconds to leave to the miners before this one: turns rotate, as ticks cost gas."""
        s = self._situation.now
        order = indices(self._situation.eligible if s.status is Status.WAITING else s.snapshot)
        place = (order.index(index) - s.round) % len(order) if index in order else len(order)
        return place * self._settings.tick_delay_seconds
