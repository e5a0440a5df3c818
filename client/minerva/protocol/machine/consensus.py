"""What a federation asks of a consensus module (docs/SPECIFICATION.md, K)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from minerva.protocol.records import Address


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof is bound to; ``miner`` is the miner's contract, ``turn`` K4's, ``eligible`` the voters not barred."""

    round: int
    parent: bytes
    updates_root: bytes
    ballots_root: bytes
    miner: Address
    index: int = 0
    turn: int = 0
    eligible: int = 0


class ConsensusMachine(Protocol):
    """One module for many federations; what it is told, and in what order, is the contracts' `IConsensus`."""

    address: Address

    def validate(self, federation: Address, parameters: bytes) -> None:
        """Refuse parameters that ``federation`` could not be configured with."""
        ...

    def configure(self, federation: Address, parameters: bytes) -> None:
        """Take a federation in, or take it in anew."""
        ...

    def open(
        self, federation: Address, round: int, snapshot: int, head: bytes, randao: int
    ) -> tuple[int, tuple[int, ...]]:
        """Return the voters of a round and their lanes; ``randao`` is the block's."""
        ...

    def weigh(self, federation: Address, mask: int) -> int:
        """Return what these voters weigh together."""
        ...

    def replace(self, federation: Address, round: int, silent: int) -> tuple[int, tuple[int, ...]]:
        """Return who votes from now on, and their lanes."""
        ...

    def propose(self, federation: Address, claim: Claim, proof: bytes, weights: tuple[int, ...]) -> None:
        """Refuse a proposal that its miner is not entitled to."""
        ...

    def on_finalized(self, federation: Address, round: int, elapsed: int) -> None:
        """Learn of a block."""
        ...

    def on_timeout(self, federation: Address, round: int) -> None:
        """Learn that Mining timed out."""
        ...

    def on_joined(self, federation: Address, index: int) -> None:
        """Learn that a miner took a place."""
        ...

    def on_slashed(self, federation: Address, round: int, index: int) -> None:
        """Learn that a miner was slashed."""
        ...

    def save(self) -> object:
        """Return what `restore` needs to undo what comes after."""
        ...

    def restore(self, saved: object) -> None:
        """Undo all since `save`."""
        ...
