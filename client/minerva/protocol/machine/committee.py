"""The contract `CommitteeConsensus` (docs/SPECIFICATION.md, K9)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from minerva.protocol.events import LanesChanged, WeightChanged
from minerva.protocol.lanes import Lanes, pack, unpack, words_of
from minerva.protocol.machine.checks import require
from minerva.protocol.machine.scheduled import Schedule, ScheduledMachine
from minerva.protocol.records import Address, indices
from minerva.protocol.weights import FIRST_RANK, MEMBER, committee_size


@dataclass(frozen=True, kw_only=True)
class Committee(Schedule):
    """A schedule of a committee.

    ``gone`` are those replaced in this round; the lanes of ``standing`` stand, but for who joined or was
    slashed.
    """

    size: int
    snapshot: int = 0
    gone: int = 0
    standing: int = 0

    @property
    def ranked(self) -> int:
        """Those whose lanes stand."""
        return self.standing & ~self.joined & ~self.slashed

    def line(self, candidates: int) -> list[int]:
        """Return the candidates as they come in: by lane, and after all who have one, by index."""
        ranked = [i for i in indices(candidates) if self.ranked >> i & 1]
        rest = [i for i in indices(candidates) if not self.ranked >> i & 1]
        return sorted(ranked, key=lambda i: (self.lanes.get(i, 0), i)) + rest


class CommitteeMachine(ScheduledMachine[Committee]):
    """One module for many federations."""

    name = "committee"

    def validate(self, federation: Address, parameters: bytes) -> None:
        """K9."""
        require(committee_size(parameters) is not None, "ConsensusInvalidParameters", parameters)

    def _configured(self, parameters: bytes) -> Committee:
        return Committee(size=committee_size(parameters) or 0)

    def _opened(self, federation: Address, former: Committee, snapshot: int) -> Committee:
        voters = sum(1 << i for i in former.line(snapshot)[: former.size])
        return replace(
            former, voters=voters, snapshot=snapshot, gone=0, standing=former.ranked, joined=0, slashed=0
        )

    def _replaced(self, known: Committee, silent: int) -> Committee:
        line = known.line(known.snapshot & ~known.voters & ~known.gone & ~silent)
        out = indices(known.voters & silent)[: len(line)]
        leaving, coming = (sum(1 << i for i in group) for group in (out, line[: len(out)]))
        return replace(known, voters=known.voters & ~leaving | coming, gone=known.gone | leaving)

    def _fits(self, known: Committee, weights: Lanes) -> bool:
        lanes, miners = unpack(weights), known.snapshot.bit_count()
        members = min(known.size, miners)
        wanted = [MEMBER] * members + [FIRST_RANK + rank for rank in range(miners - members)]
        theirs = list(lanes) == indices(known.snapshot) and len(weights) == words_of(known.snapshot)
        return theirs and sorted(lanes.values()) == wanted

    def _finalized(self, federation: Address, known: Committee, round: int) -> Committee:
        standing = known.snapshot & ~known.joined & ~known.slashed
        lanes = known.taken(standing)
        theirs = {i: lane for i, lane in lanes.items() if standing >> i & 1}
        self._emit(LanesChanged(federation, round, pack(theirs)))
        return replace(known, lanes=lanes, standing=standing, joined=0, slashed=0)

    def _joined(self, federation: Address, known: Committee, index: int) -> Committee:
        self._emit(WeightChanged(federation, index, 0))
        return replace(known, joined=known.joined | 1 << index)

    def _slashed(self, federation: Address, known: Committee, index: int) -> Committee:
        self._emit(WeightChanged(federation, index, 0))
        return replace(known, slashed=known.slashed | 1 << index)

    def _weights(self, known: Committee) -> dict[int, int]:
        return dict.fromkeys(indices(known.voters), MEMBER)

    def _standing(self, known: Committee) -> int:
        return known.ranked
