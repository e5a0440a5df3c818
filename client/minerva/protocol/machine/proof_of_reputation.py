"""The contract `ProofOfReputation` (docs/SPECIFICATION.md, K8)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from minerva.protocol.events import LanesChanged, WeightChanged
from minerva.protocol.lanes import Lanes, pack, unpack, words_of
from minerva.protocol.machine.checks import require
from minerva.protocol.machine.scheduled import EVERY_PLACE, Schedule, ScheduledMachine
from minerva.protocol.records import Address, indices
from minerva.protocol.weights import ReputationTerms


@dataclass(frozen=True, kw_only=True)
class Reputations(Schedule):
    """A schedule by reputation."""

    start: int
    cap: int


class ProofOfReputationMachine(ScheduledMachine[Reputations]):
    """One module for many federations."""

    name = "por"

    def validate(self, federation: Address, parameters: bytes) -> None:
        """K8."""
        require(ReputationTerms.decode(parameters) is not None, "ConsensusInvalidParameters", parameters)

    def _configured(self, parameters: bytes) -> Reputations:
        terms = ReputationTerms.decode(parameters)
        assert terms is not None
        return Reputations(start=terms.start, cap=terms.cap, joined=EVERY_PLACE)

    def _opened(self, federation: Address, former: Reputations, snapshot: int) -> Reputations:
        started = former.given(former.joined & snapshot, former.start)
        opened = replace(former, voters=snapshot, joined=former.joined & ~snapshot, lanes=started)
        return _lowered(opened)

    def _fits(self, known: Reputations, weights: Lanes) -> bool:
        lanes = unpack(weights)
        theirs = list(lanes) == indices(known.voters) and len(weights) == words_of(known.voters)
        return theirs and all(lane <= known.cap for lane in lanes.values())

    def _finalized(self, federation: Address, known: Reputations, round: int) -> Reputations:
        taken = known.taken(known.voters & ~known.joined & ~known.slashed)
        after = _lowered(replace(known, lanes=taken))
        theirs = {i: lane for i, lane in after.lanes.items() if known.voters >> i & 1}
        self._emit(LanesChanged(federation, round, pack(theirs)))
        return after

    def _joined(self, federation: Address, known: Reputations, index: int) -> Reputations:
        self._emit(WeightChanged(federation, index, known.start))
        return replace(known, joined=known.joined | 1 << index, slashed=known.slashed & ~(1 << index))

    def _slashed(self, federation: Address, known: Reputations, index: int) -> Reputations:
        self._emit(WeightChanged(federation, index, 1))
        return replace(known, joined=known.joined & ~(1 << index), slashed=known.slashed | 1 << index)

    def _standing(self, known: Reputations) -> int:
        return ~known.joined


def _lowered(known: Reputations) -> Reputations:
    """Lower the reputation of the slashed to one."""
    return replace(known, slashed=0, lanes=known.given(known.slashed, 1))
