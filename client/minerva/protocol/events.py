"""The contracts' events as values, in the order of the Solidity fields, and the log entry that carries one."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.state import Drop, Phase


@dataclass(frozen=True, slots=True)
class FederationCreated:
    """Emitted by the factory."""

    federation: Address
    requester: Address
    manifest: Cid


@dataclass(frozen=True, slots=True)
class MinerCreated:
    """Emitted by the factory."""

    federation: Address
    owner: Address
    miner: Address


@dataclass(frozen=True, slots=True)
class MinerJoined:
    index: int
    owner: Address
    miner: Address
    endpoint: str


@dataclass(frozen=True, slots=True)
class MinerLeaving:
    index: int


@dataclass(frozen=True, slots=True)
class MinerReturned:
    index: int


@dataclass(frozen=True, slots=True)
class DeviceBound:
    device: Address
    miner: Address
    from_round: int


@dataclass(frozen=True, slots=True)
class DeviceUnbound:
    device: Address
    miner: Address


@dataclass(frozen=True, slots=True)
class RoundOpened:
    round: int
    snapshot: int
    deadline: int


@dataclass(frozen=True, slots=True)
class PhaseExtended:
    round: int
    phase: Phase
    deadline: int


@dataclass(frozen=True, slots=True)
class TrainingClosed:
    round: int
    updates_root: bytes
    updates: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BallotCast:
    round: int
    index: int
    updates_root: bytes
    verdicts: bytes


@dataclass(frozen=True, slots=True)
class VerificationClosed:
    round: int
    ballots_root: bytes
    voted: int
    absent: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BlockProposed:
    round: int
    index: int
    hash: bytes
    header: Header
    deadline: int


@dataclass(frozen=True, slots=True)
class Attested:
    round: int
    index: int
    hash: bytes
    approve: bool


@dataclass(frozen=True, slots=True)
class CandidateDropped:
    round: int
    index: int
    hash: bytes
    reason: Drop


@dataclass(frozen=True, slots=True)
class MiningReopened:
    round: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BlockFinalized:
    round: int
    number: int
    hash: bytes
    approvals: int


@dataclass(frozen=True, slots=True)
class RoundSkipped:
    round: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class FederationPaused:
    at: int


@dataclass(frozen=True, slots=True)
class FederationUnpaused:
    at: int
    deadline: int


@dataclass(frozen=True, slots=True)
class FederationClosing:
    round: int


@dataclass(frozen=True, slots=True)
class FederationClosed:
    round: int
    height: int
    head: bytes


@dataclass(frozen=True, slots=True)
class DeviceRegistered:
    """Emitted by a miner's contract."""

    device: Address
    dataset_root: bytes
    dataset_size: int
    rate_ns: int
    from_round: int


@dataclass(frozen=True, slots=True)
class DeviceCheckedIn:
    """Emitted by a miner's contract."""

    device: Address
    round: int


@dataclass(frozen=True, slots=True)
class UpdateSubmitted:
    """Emitted by a miner's contract (the emitter completes the record); ``index`` is the place in its pool."""

    round: int
    device: Address
    index: int
    cid: Cid
    samples: int
    epochs: int
    compute_us: int
    loss_before: int
    loss_after: int


@dataclass(frozen=True, slots=True)
class EndpointChanged:
    """Emitted by a miner's contract."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class DifficultyChanged:
    """Emitted by the proof-of-work module."""

    federation: Address
    round: int
    difficulty: int


Event = (
    FederationCreated
    | MinerCreated
    | MinerJoined
    | MinerLeaving
    | MinerReturned
    | DeviceBound
    | DeviceUnbound
    | RoundOpened
    | PhaseExtended
    | TrainingClosed
    | BallotCast
    | VerificationClosed
    | BlockProposed
    | Attested
    | CandidateDropped
    | MiningReopened
    | BlockFinalized
    | RoundSkipped
    | FederationPaused
    | FederationUnpaused
    | FederationClosing
    | FederationClosed
    | DeviceRegistered
    | DeviceCheckedIn
    | UpdateSubmitted
    | EndpointChanged
    | DifficultyChanged
)


@dataclass(frozen=True, slots=True)
class Log:
    """An event where it stands on the chain; ``timestamp`` (seconds) is the block's, ``emitter`` the contract's address."""

    event: Event
    emitter: Address
    block_number: int
    block_hash: bytes
    log_index: int
    timestamp: int
    transaction: bytes
