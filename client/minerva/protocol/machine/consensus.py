"""What a consensus module does for federations (docs/SPECIFICATION.md, section K)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from minerva.protocol.lanes import Lanes
from minerva.protocol.records import Address


@dataclass(frozen=True, slots=True)
class Claim:
    """What a proof is bound to; ``miner`` is the miner's contract, ``index`` its place.

    ``turn`` (K4) and the mask ``eligible`` of the voters that are not barred say whose turn it is; modules
    without turns have no use for these three.
    """

    round: int
    parent: bytes
    updates_root: bytes
    ballots_root: bytes
    miner: Address
    index: int = 0
    turn: int = 0
    eligible: int = 0


class ConsensusMachine(Protocol):
    """A consensus module; ``federation`` is who calls, masks are sets of miner indices.

    What refuses raises `ContractReverted` and leaves everything as it was.
    """

    address: Address
    name: str

    def validate(self, federation: Address, parameters: bytes) -> None:
        """Refuse what `configure` would refuse."""

    def configure(self, federation: Address, parameters: bytes) -> None:
        """Take the federation in, or in anew (K10)."""

    def open(
        self, federation: Address, round: int, snapshot: int, head: bytes, randao: int
    ) -> tuple[int, Lanes]:
        """Say who votes in ``round``, and their lanes (K2); ``randao`` is the chain's block's prevrandao."""
        ...

    def weigh(self, federation: Address, mask: int) -> int:
        """Say what the voters in ``mask`` weigh together."""
        ...

    def replace(self, federation: Address, round: int, silent: int) -> tuple[int, Lanes]:
        """Say who votes after the voters in ``silent`` let a deadline pass, and their lanes (K3)."""
        ...

    def propose(self, federation: Address, claim: Claim, proof: bytes, weights: Lanes) -> None:
        """Refuse unless ``proof`` entitles the claim's miner, and a header may have these weights."""

    def on_finalized(self, federation: Address, round: int, elapsed: int) -> None:
        """Hear that the last proposal is a block, ``elapsed`` seconds after Mining opened."""

    def on_timeout(self, federation: Address, round: int) -> None:
        """Hear that Mining timed out."""

    def on_joined(self, federation: Address, index: int) -> None:
        """Hear that a miner took the place ``index``."""

    def on_slashed(self, federation: Address, round: int, index: int) -> None:
        """Hear that the miner at ``index`` was slashed."""

    def save(self) -> Any:
        """Return what `restore` needs to undo what comes after."""

    def restore(self, saved: Any) -> None:
        """Undo all since `save`."""
