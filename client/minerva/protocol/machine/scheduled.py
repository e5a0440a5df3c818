"""The abstract contract `ScheduledConsensus`: turns, drawn by weight (docs/SPECIFICATION.md, K5)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from minerva.protocol import schedule
from minerva.protocol.events import ConsensusConfigured, ScheduleSeeded
from minerva.protocol.lanes import BITS, Lanes, pack, unpack
from minerva.protocol.machine.checks import Emit, require
from minerva.protocol.machine.consensus import Claim
from minerva.protocol.records import ZERO32, Address, indices

EVERY_PLACE = (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One federation's.

    ``joined`` are the places taken since the opening, ``slashed`` those whose miner was slashed since;
    ``lanes`` stand, ``next`` are those of the last header proposed.
    """

    seed: bytes = ZERO32
    voters: int = 0
    joined: int = 0
    slashed: int = 0
    lanes: Mapping[int, int] = field(default_factory=dict)
    next: Mapping[int, int] = field(default_factory=dict)

    def taken(self, mask: int) -> Mapping[int, int]:
        """Return the lanes, those of ``mask`` from the last header."""
        return self.without(mask) | {i: w for i, w in self.next.items() if mask >> i & 1}

    def given(self, mask: int, weight: int) -> Mapping[int, int]:
        """Return the lanes, those of ``mask`` being ``weight``."""
        return self.without(mask) | dict.fromkeys(indices(mask), weight)

    def without(self, mask: int) -> dict[int, int]:
        """Return the lanes but for those of ``mask``."""
        return {i: w for i, w in self.lanes.items() if not mask >> i & 1}


S = TypeVar("S", bound=Schedule)


class ScheduledMachine(ABC, Generic[S]):
    """One module for many federations."""

    name: str

    def __init__(self, address: Address, chain_id: int, emit: Emit) -> None:
        self.address, self._chain_id, self._emit = address, chain_id, emit
        self._schedules: dict[Address, S] = {}

    # What federations call

    @abstractmethod
    def validate(self, federation: Address, parameters: bytes) -> None:
        """K7, K8, K9."""

    def configure(self, federation: Address, parameters: bytes) -> None:
        """K10: nothing of a former time is left."""
        self.validate(federation, parameters)
        self._schedules[federation] = self._configured(parameters)
        self._emit(ConsensusConfigured(federation, parameters))

    def open(
        self, federation: Address, round: int, snapshot: int, head: bytes, randao: int
    ) -> tuple[int, Lanes]:
        """K2 and K5."""
        former = self._of(federation)
        seed = schedule.seed(self._chain_id, federation, round, former.seed, head, randao)
        opened = self._schedules[federation] = replace(self._opened(federation, former, snapshot), seed=seed)
        self._emit(ScheduleSeeded(federation, round, seed))
        return opened.voters, pack(self._weights(opened))

    def weigh(self, federation: Address, mask: int) -> int:
        """K2."""
        known = self._schedules.get(federation)
        weights = self._weights(known) if known else {}
        return sum(weight for index, weight in weights.items() if mask >> index & 1)

    def replace(self, federation: Address, round: int, silent: int) -> tuple[int, Lanes]:
        """K3."""
        replaced = self._schedules[federation] = self._replaced(self._of(federation), silent)
        return replaced.voters, pack(self._weights(replaced))

    def propose(self, federation: Address, claim: Claim, proof: bytes, weights: Lanes) -> None:
        """K5."""
        known = self._of(federation)
        require(not proof, "ConsensusInvalidProof", claim.round, claim.miner)
        due = schedule.proposer(self.order(federation), claim.turn, claim.eligible)
        require(due == claim.index, "ConsensusNotYourTurn", claim.round, claim.index, claim.turn)
        require(self._fits(known, weights), "ConsensusInvalidWeights", weights)
        kept = {index: lane for index, lane in known.next.items() if index >= BITS * len(weights)}
        self._schedules[federation] = replace(known, next=kept | unpack(weights))

    def on_finalized(self, federation: Address, round: int, elapsed: int) -> None:
        """K8 and K9."""
        self._schedules[federation] = self._finalized(federation, self._of(federation), round)

    def on_timeout(self, federation: Address, round: int) -> None:
        """K4: the turn moves on, without the module."""
        self._of(federation)

    def on_joined(self, federation: Address, index: int) -> None:
        """K8 and K9."""
        self._schedules[federation] = self._joined(federation, self._of(federation), index)

    def on_slashed(self, federation: Address, round: int, index: int) -> None:
        """K8 and K9."""
        self._schedules[federation] = self._slashed(federation, self._of(federation), index)

    def save(self) -> dict[Address, S]:
        """Return what `restore` needs to undo what comes after."""
        return dict(self._schedules)

    def restore(self, saved: dict[Address, S]) -> None:
        """Undo all since `save`."""
        self._schedules = saved

    # Views

    def seed(self, federation: Address) -> bytes:
        """Return what the order of the last opened round is drawn with."""
        return self._of(federation).seed

    def order(self, federation: Address) -> tuple[int, ...]:
        """Return the voters of the last opened round in their order."""
        known = self._of(federation)
        return schedule.order(known.seed, self._weights(known))

    def lanes(self, federation: Address) -> Lanes:
        """Return the lanes that stand."""
        known = self._of(federation)
        standing = self._standing(known)
        return pack({i: weight for i, weight in known.lanes.items() if standing >> i & 1})

    # What a module says

    @abstractmethod
    def _configured(self, parameters: bytes) -> S: ...

    @abstractmethod
    def _opened(self, federation: Address, former: S, snapshot: int) -> S: ...

    def _replaced(self, known: S, silent: int) -> S:
        return known

    @abstractmethod
    def _fits(self, known: S, weights: Lanes) -> bool: ...

    def _finalized(self, federation: Address, known: S, round: int) -> S:
        return known

    def _joined(self, federation: Address, known: S, index: int) -> S:
        return known

    def _slashed(self, federation: Address, known: S, index: int) -> S:
        return known

    def _weights(self, known: S) -> dict[int, int]:
        """Return what each voter weighs."""
        return {index: known.lanes.get(index, 0) or 1 for index in indices(known.voters)}

    @abstractmethod
    def _standing(self, known: S) -> int: ...

    def _of(self, federation: Address) -> S:
        require(federation in self._schedules, "ConsensusNotConfigured", federation)
        return self._schedules[federation]
