"""The contract `ProofOfStake` (docs/SPECIFICATION.md, K7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from minerva.protocol.lanes import Lanes, unpack
from minerva.protocol.machine.checks import Emit, require
from minerva.protocol.machine.scheduled import Schedule, ScheduledMachine
from minerva.protocol.records import Address

Stakes = Callable[[Address], Lanes | None]
"""The lanes of a federation's stakes; None when it has no vault."""


class ProofOfStakeMachine(ScheduledMachine[Schedule]):
    """One module for many federations; ``stakes`` stands for their vaults."""

    name = "pos"

    def __init__(self, address: Address, chain_id: int, emit: Emit, stakes: Stakes) -> None:
        super().__init__(address, chain_id, emit)
        self._stakes = stakes

    def validate(self, federation: Address, parameters: bytes) -> None:
        """K7."""
        staked = self._stakes(federation) is not None
        require(not parameters and staked, "ConsensusInvalidParameters", parameters)

    def _configured(self, parameters: bytes) -> Schedule:
        return Schedule()

    def _opened(self, federation: Address, former: Schedule, snapshot: int) -> Schedule:
        stakes = unpack(self._stakes(federation) or ())
        return replace(former, voters=snapshot, lanes=replace(former, next=stakes).taken(snapshot))

    def _fits(self, known: Schedule, weights: Lanes) -> bool:
        return not weights

    def _standing(self, known: Schedule) -> int:
        return known.voters
