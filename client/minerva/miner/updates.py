"""The current round's updates as their records come: in order, by CID, hashed into the ballots' root."""

from __future__ import annotations

from collections.abc import Mapping

from minerva.protocol.cid import Cid
from minerva.protocol.events import Log, UpdateSubmitted
from minerva.protocol.records import ZERO32, Address, PlacedUpdate, Update, extend_pool, hash_list, indices
from minerva.protocol.state import MinerInfo


class RoundUpdates:
    """What the pools of one round hold.

    Parameters
    ----------
    snapshot
        Mask of the round's miners.
    """

    def __init__(self, federation: Address, round_: int, snapshot: int) -> None:
        self._federation, self.round = federation, round_
        self._heads = dict.fromkeys(indices(snapshot), ZERO32)
        self._placed: list[PlacedUpdate] = []
        self.by_cid: dict[Cid, list[PlacedUpdate]] = {}
        """Several records may commit to one content: anybody can copy a CID, and be the first."""

    def add(self, log: Log, event: UpdateSubmitted, members: Mapping[int, MinerInfo]) -> PlacedUpdate | None:
        """Take a record in, and return it placed; None when it is of no pool of this round."""
        index = next((i for i in self._heads if i in members and members[i].contract == log.emitter), None)
        if index is None or event.round != self.round:
            return None
        update = Update(
            self._federation, event.round, event.device, log.emitter, event.cid, event.samples, event.epochs,
            event.compute_us, event.loss_before, event.loss_after,
        )  # fmt: skip
        placed = PlacedUpdate(update, index, event.index, log.block_number, log.log_index, log.timestamp)
        self.place(placed)
        return placed

    def place(self, placed: PlacedUpdate) -> None:
        """Append a record to its pool."""
        self._heads[placed.miner_index] = extend_pool(self._heads[placed.miner_index], placed.update.leaf())
        self._placed.append(placed)
        self.by_cid.setdefault(placed.update.cid, []).append(placed)

    @property
    def ordered(self) -> list[PlacedUpdate]:
        """In update order (R3)."""
        return sorted(self._placed, key=lambda placed: placed.order)

    @property
    def root(self) -> bytes:
        """What `updatesRoot` is if Training closes now (P2)."""
        return hash_list(self._heads[index] for index in sorted(self._heads))
