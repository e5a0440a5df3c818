"""One round as its logs tell it, every hash derived again (docs/SPECIFICATION.md, B2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from eth_utils.crypto import keccak

from minerva.errors import VerificationFailed
from minerva.protocol import events
from minerva.protocol.header import Header
from minerva.protocol.lanes import weights_of
from minerva.protocol.records import (
    ZERO32,
    Address,
    PlacedUpdate,
    Update,
    extend_pool,
    hash_list,
    mask_of,
)
from minerva.protocol.state import Drop, MinerInfo, Phase


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposed block, its proposer's index, why it was dropped (if so), and who agreed or not (masks)."""

    header: Header
    hash: bytes
    index: int
    dropped: Drop | None
    approvals: int
    rejections: int


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """A round as far as its logs go.

    ``opened_at`` is the timestamp (seconds) of the block in which the round opened; pauses do not move it, unlike
    the state's, because devices may compute through a pause (V3). ``miners`` are the snapshot's, as they were at the
    opening; ``weights`` are the voters' by index (K2, K3), from the close of Verification on those of that moment (Y4);
    ``module`` and ``parameters`` are the consensus module's;
    ``updates`` are in update order (R3); ``ballots`` are verdict bytes by miner index. Roots are None until their
    phase closed, ``block`` until finality, ``skipped`` (the phase that failed) unless the round was skipped.
    """

    round: int
    opened_at: int
    snapshot: int
    miners: Mapping[int, MinerInfo]
    weights: Mapping[int, int]
    module: Address
    parameters: bytes
    updates: tuple[PlacedUpdate, ...]
    updates_root: bytes | None
    ballots: Mapping[int, bytes]
    ballots_root: bytes | None
    candidates: tuple[Candidate, ...]
    block: Header | None
    skipped: Phase | None


class RoundBuilder:
    """The events of one round, taken in; a method that raises has changed nothing."""

    def __init__(
        self,
        federation: Address,
        opened: events.RoundOpened,
        opened_at: int,
        miners: Mapping[int, MinerInfo],
        consensus: tuple[Address, bytes],
    ) -> None:
        self.number: Final = opened.round
        self.miners: Final = miners
        self._federation, self._opened_at, self._snapshot = federation, opened_at, opened.snapshot
        self._weights, self._consensus = self._weigh(opened.voters, opened.lanes), consensus
        self._endpoints = [((-1, -1), info.contract, info.endpoint) for info in miners.values()]
        self._weights_at_close: dict[int, int] | None = None
        self._heads = dict.fromkeys(miners, ZERO32)
        self._pools: dict[int, list[PlacedUpdate]] = {index: [] for index in miners}
        self._updates: tuple[PlacedUpdate, ...] | None = None
        self._updates_root: bytes | None = None
        self._ballots: dict[int, bytes] = {}
        self._ballots_root: bytes | None = None
        self._candidates: list[Candidate] = []
        self._block: Header | None = None
        self._skipped: Phase | None = None

    @property
    def over(self) -> bool:
        """Whether the round ended, with a block or without."""
        return self._block is not None or self._skipped is not None

    def record(self) -> RoundRecord:
        """Return the round as it stands."""
        if self._updates is None:
            self._updates = tuple(placed for index in sorted(self._pools) for placed in self._pools[index])
        return RoundRecord(
            self.number, self._opened_at, self._snapshot, MappingProxyType(dict(self.miners)),
            MappingProxyType(dict(self._weights_at_close or self._weights)), *self._consensus,
            self._updates, self._updates_root, MappingProxyType(dict(self._ballots)), self._ballots_root,
            tuple(self._candidates), self._block, self._skipped,
        )  # fmt: skip

    def endpoints(self, before: tuple[int, int]) -> dict[Address, tuple[str, ...]]:
        """Return each miner's endpoint at the opening, and those it set since, before a (block, log index)."""
        found: dict[Address, tuple[str, ...]] = {}
        for position, contract, endpoint in list(self._endpoints):
            if position < before:
                found[contract] = (*found.get(contract, ()), endpoint)
        return found

    def move(self, log: events.Log, endpoint: str) -> None:
        """Take a miner's new endpoint in, which does not change what the round's record says of it."""
        if any(info.contract == log.emitter for info in self.miners.values()):
            self._endpoints.append(((log.block_number, log.log_index), log.emitter, endpoint))

    def submit(self, index: int, log: events.Log, event: events.UpdateSubmitted) -> None:
        """Append an update to the pool of miner ``index``."""
        self._same("training", "closed" if self._updates_root else "open", "open")
        self._same(f"place in pool {index}", event.index, len(self._pools[index]))
        update = Update(
            self._federation, event.round, event.device, log.emitter, event.cid, event.samples, event.epochs,
            event.compute_us, event.loss_before, event.loss_after,
        )  # fmt: skip
        placed = PlacedUpdate(update, index, event.index, log.block_number, log.log_index, log.timestamp)
        self._heads[index] = extend_pool(self._heads[index], update.leaf())
        self._pools[index].append(placed)
        self._updates = None

    def close_training(self, event: events.TrainingClosed) -> None:
        """Compare the updates' number and root."""
        root = hash_list(self._heads[index] for index in sorted(self._heads))
        self._same("number of updates", event.updates, sum(map(len, self._pools.values())))
        self._same("updatesRoot", event.updates_root, root)
        self._updates_root = root

    def cast(self, event: events.BallotCast) -> None:
        """Take a ballot in."""
        if event.index not in self._weights or event.index in self._ballots or self._ballots_root is not None:
            raise self._nobody("ballot", event.index)
        self._same("updatesRoot of a ballot", event.updates_root, self._updates_root)
        self._same("length of a ballot", len(event.verdicts), sum(map(len, self._pools.values())))
        self._ballots[event.index] = event.verdicts

    def close_verification(self, event: events.VerificationClosed) -> None:
        """Compare who voted, and the ballots' root."""
        voted = mask_of(self._ballots)
        ballots = (self._ballots.get(index) for index in sorted(self._weights))
        root = hash_list(ZERO32 if verdicts is None else keccak(verdicts) for verdicts in ballots)
        self._same("set of voters", event.voted, voted)
        self._same("set of absent miners", event.absent, mask_of(self._weights) & ~voted)
        self._same("ballotsRoot", event.ballots_root, root)
        self._ballots_root, self._weights_at_close = root, self._weights

    def propose(self, event: events.BlockProposed, number: int, parent: bytes | None) -> None:
        """Take a candidate in; ``number`` and ``parent`` (None: not known here) are what it must link to."""
        header = event.header
        if event.index not in self._weights:
            raise self._nobody("candidate", event.index)
        self._same("block hash", event.hash, header.hash())
        self._same("header.number", header.number, number)
        self._same("header.parent", header.parent, header.parent if parent is None else parent)
        self._same("header.round", header.round, self.number)
        self._same("header.updatesRoot", header.updates_root, self._updates_root)
        self._same("header.ballotsRoot", header.ballots_root, self._ballots_root)
        self._same("header.proposer", header.proposer, self.miners[event.index].contract)
        self._candidates.append(Candidate(header, event.hash, event.index, None, 1 << event.index, 0))

    def attest(self, event: events.Attested) -> None:
        """Count an attestation."""
        candidate = self._candidate(event.hash)
        mask = 1 << event.index
        if event.approve:
            candidate = replace(candidate, approvals=candidate.approvals | mask)
        else:
            candidate = replace(candidate, rejections=candidate.rejections | mask)
        self._candidates[-1] = candidate

    def drop(self, event: events.CandidateDropped) -> None:
        """Mark the candidate as dropped."""
        self._candidates[-1] = replace(self._candidate(event.hash), dropped=event.reason)

    def finalize(self, event: events.BlockFinalized) -> Header:
        """End the round with the candidate, and return its header."""
        candidate = self._candidate(event.hash)
        self._same("number of the block", event.number, candidate.header.number)
        self._same("set of approving miners", event.approvals, candidate.approvals)
        self._block = candidate.header
        return candidate.header

    def replace(self, event: events.VotersReplaced) -> None:
        """Let others vote in the place of those who were silent."""
        former = mask_of(self._weights)
        self._same("set of silent voters", event.silent, former & ~event.voters)
        self._weights = self._weigh(event.voters, event.lanes)

    def skip(self, event: events.RoundSkipped) -> None:
        """End the round without a block."""
        self._skipped = event.phase

    def _weigh(self, voters: int, lanes: tuple[int, ...]) -> dict[int, int]:
        """Return the voters' weights (K2)."""
        if voters == 0 or voters & ~self._snapshot:
            raise VerificationFailed(f"round {self.number} has voters that may not vote", value=bin(voters))
        return weights_of(voters, lanes)

    def _candidate(self, hash_: bytes) -> Candidate:
        if not self._candidates or self._candidates[-1].dropped is not None:
            raise VerificationFailed(f"round {self.number} has no candidate", value=_show(hash_))
        self._same("hash of the candidate", hash_, self._candidates[-1].hash)
        return self._candidates[-1]

    def _nobody(self, what: str, index: int) -> VerificationFailed:
        return VerificationFailed(
            f"a {what} of round {self.number} by a miner that may not", value=f"miner {index}"
        )

    def _same(self, what: str, stated: object, derived: object) -> None:
        if stated != derived:
            raise VerificationFailed(
                f"the {what} of round {self.number} does not re-derive",
                value=f"the chain says {_show(stated)}, its logs give {_show(derived)}",
            )


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
