"""The contracts' events as values, fields in the Solidity order, and the log entry that carries one."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.cid import Cid
from minerva.protocol.governance import AllowListChanged as AllowListChanged
from minerva.protocol.governance import RoleGranted as RoleGranted
from minerva.protocol.governance import RoleRevoked as RoleRevoked
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.reward_events import RewardEvent
from minerva.protocol.stake_events import StakeEvent
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
    """A miner joined; it counts from the next opening."""

    index: int
    owner: Address
    miner: Address
    endpoint: str


@dataclass(frozen=True, slots=True)
class MinerLeaving:
    """A miner leaves at the next opening."""

    index: int


@dataclass(frozen=True, slots=True)
class MinerReturned:
    """A dormant miner is there again."""

    index: int


@dataclass(frozen=True, slots=True)
class DeviceBound:
    """A device is bound to a miner from a round on."""

    device: Address
    miner: Address
    from_round: int


@dataclass(frozen=True, slots=True)
class DeviceUnbound:
    """A device is bound to this miner no more."""

    device: Address
    miner: Address


@dataclass(frozen=True, slots=True)
class RoundOpened:
    """A round opened for the miners in the mask ``snapshot``.

    Those in ``voters`` vote; each weighs its lane (K1), or one where there are no ``lanes``.
    """

    round: int
    snapshot: int
    voters: int
    lanes: tuple[int, ...]
    deadline: int


@dataclass(frozen=True, slots=True)
class VotersReplaced:
    """Others came in the place of the voters in the mask ``silent``."""

    round: int
    silent: int
    voters: int
    lanes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PhaseExtended:
    """Too few acted before the deadline; there is a new one."""

    round: int
    phase: Phase
    deadline: int


@dataclass(frozen=True, slots=True)
class TrainingClosed:
    """The updates of the round are fixed."""

    round: int
    updates_root: bytes
    updates: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BallotCast:
    """A miner's ballot: one byte for each update."""

    round: int
    index: int
    updates_root: bytes
    verdicts: bytes


@dataclass(frozen=True, slots=True)
class VerificationClosed:
    """The ballots are fixed; ``voted`` and ``absent`` are masks."""

    round: int
    ballots_root: bytes
    voted: int
    absent: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BlockProposed:
    """A candidate block."""

    round: int
    index: int
    hash: bytes
    header: Header
    deadline: int


@dataclass(frozen=True, slots=True)
class Attested:
    """A miner agrees with the candidate, or not."""

    round: int
    index: int
    hash: bytes
    approve: bool


@dataclass(frozen=True, slots=True)
class CandidateDropped:
    """A candidate was dropped."""

    round: int
    index: int
    hash: bytes
    reason: Drop


@dataclass(frozen=True, slots=True)
class MiningReopened:
    """Mining starts again."""

    round: int
    deadline: int


@dataclass(frozen=True, slots=True)
class BlockFinalized:
    """A block was appended; ``approvals`` is a mask."""

    round: int
    number: int
    hash: bytes
    approvals: int


@dataclass(frozen=True, slots=True)
class RoundSkipped:
    """The round ended without a block, in this phase."""

    round: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class FederationPaused:
    """Deadlines stand still."""

    at: int


@dataclass(frozen=True, slots=True)
class FederationUnpaused:
    """Deadlines move again."""

    at: int
    deadline: int


@dataclass(frozen=True, slots=True)
class ConsensusChangeAnnounced:
    """Another consensus module decides from the opening of a round on."""

    module: Address
    parameters: bytes
    from_round: int


@dataclass(frozen=True, slots=True)
class ConsensusChanged:
    """The module announced took over."""

    round: int
    module: Address


@dataclass(frozen=True, slots=True)
class ConsensusChangeFailed:
    """The module announced refused; the former one stays."""

    round: int
    module: Address


@dataclass(frozen=True, slots=True)
class MinerExpelled:
    """The governor lets a miner go."""

    index: int


@dataclass(frozen=True, slots=True)
class FederationClosing:
    """The federation closes at the end of the round."""

    round: int


@dataclass(frozen=True, slots=True)
class FederationClosed:
    """No round follows."""

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
    """Emitted by a miner's contract (the emitter completes the record).

    ``index`` is the place in its pool.
    """

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


@dataclass(frozen=True, slots=True)
class ConsensusConfigured:
    """Emitted by a consensus module: it decides in a federation from now on."""

    federation: Address
    parameters: bytes


@dataclass(frozen=True, slots=True)
class ScheduleSeeded:
    """Emitted by a module with turns: the order of ``round`` is fixed."""

    federation: Address
    round: int
    seed: bytes


@dataclass(frozen=True, slots=True)
class WeightChanged:
    """Emitted by a module with turns: a miner joined or was slashed, which counts from the next opening."""

    federation: Address
    index: int
    weight: int


@dataclass(frozen=True, slots=True)
class LanesChanged:
    """Emitted by a module with turns: what the lanes of the round's snapshot are after its block."""

    federation: Address
    round: int
    lanes: tuple[int, ...]


OF_MODULES = (
    DifficultyChanged | ConsensusConfigured | ScheduleSeeded | WeightChanged | LanesChanged | AllowListChanged
)
"""What consensus modules and policies emit; each names its federation."""

Event = (
    FederationCreated
    | MinerCreated
    | MinerJoined
    | MinerLeaving
    | MinerReturned
    | DeviceBound
    | DeviceUnbound
    | RoundOpened
    | VotersReplaced
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
    | ConsensusChangeAnnounced
    | ConsensusChanged
    | ConsensusChangeFailed
    | MinerExpelled
    | FederationClosing
    | FederationClosed
    | DeviceRegistered
    | DeviceCheckedIn
    | UpdateSubmitted
    | EndpointChanged
    | DifficultyChanged
    | ConsensusConfigured
    | ScheduleSeeded
    | WeightChanged
    | LanesChanged
    | RewardEvent
    | StakeEvent
    | RoleGranted
    | RoleRevoked
    | AllowListChanged
)


@dataclass(frozen=True, slots=True)
class Log:
    """An event where it stands on the chain.

    ``timestamp`` (seconds) is the block's, ``emitter`` the contract's address.
    """

    event: Event
    emitter: Address
    block_number: int
    block_hash: bytes
    log_index: int
    timestamp: int
    transaction: bytes
