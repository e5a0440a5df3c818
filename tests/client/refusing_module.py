"""A consensus module that takes parameters and, in the end, no federation: contracts/mocks/MockRefusingConsensus.sol."""

from __future__ import annotations

from minerva.errors import ContractReverted
from minerva.protocol.lanes import Lanes
from minerva.protocol.machine import Claim
from minerva.protocol.records import Address


class RefusingMachine:
    """The contract's twin; it is never in force, so nothing but `configure` is ever called."""

    name = "refusing"

    def __init__(self, address: Address) -> None:
        self.address = address

    def validate(self, federation: Address, parameters: bytes) -> None:
        """Promise."""

    def configure(self, federation: Address, parameters: bytes) -> None:
        raise ContractReverted("ConsensusInvalidParameters", (parameters,))

    def open(
        self, federation: Address, round: int, snapshot: int, head: bytes, randao: int
    ) -> tuple[int, Lanes]:
        return 0, ()

    def weigh(self, federation: Address, mask: int) -> int:
        return 0

    def replace(self, federation: Address, round: int, silent: int) -> tuple[int, Lanes]:
        return 0, ()

    def propose(self, federation: Address, claim: Claim, proof: bytes, weights: Lanes) -> None: ...

    def on_finalized(self, federation: Address, round: int, elapsed: int) -> None: ...

    def on_timeout(self, federation: Address, round: int) -> None: ...

    def on_joined(self, federation: Address, index: int) -> None: ...

    def on_slashed(self, federation: Address, round: int, index: int) -> None: ...

    def save(self) -> object:
        return None

    def restore(self, state: object) -> None: ...
