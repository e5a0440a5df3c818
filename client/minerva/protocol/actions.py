"""What an actor may do on the chain: one value per state-changing call.

The contracts and the executable specification understand the same values. ``intent`` names an action so that
it takes effect at most once: two actions with one intent are the same action.
"""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.cid import Cid
from minerva.protocol.governance import GrantRole as GrantRole
from minerva.protocol.governance import RevokeRole as RevokeRole
from minerva.protocol.governance import SetAllowList as SetAllowList
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.reward_actions import RewardAction
from minerva.protocol.stake import StakeTerms
from minerva.protocol.stake_actions import StakeAction
from minerva.protocol.state import NO_REWARDS, NO_STAKE, FederationConfig, RewardTerms


@dataclass(frozen=True, slots=True)
class CreateFederation:
    """The sender becomes the requester of a new federation of ``factory``.

    ``label`` is for the intent only: two labels, two federations.
    """

    factory: Address
    config: FederationConfig
    label: str
    stake: StakeTerms = NO_STAKE
    rewards: RewardTerms = NO_REWARDS

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.factory}/create/{self.label}"


@dataclass(frozen=True, slots=True)
class RegisterMiner:
    """The sender joins as a miner.

    ``round`` is the last opened one, for the intent only: who left may come back. ``evidence`` is for the
    federation's policy.
    """

    factory: Address
    federation: Address
    endpoint: str
    round: int = 0
    evidence: bytes = b""

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/register-miner"


@dataclass(frozen=True, slots=True)
class SetEndpoint:
    """The sender's miner (contract ``miner``) answers elsewhere. ``at`` (seconds) is for the intent only."""

    federation: Address
    miner: Address
    endpoint: str
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/endpoint/{self.at}/{self.endpoint}"


@dataclass(frozen=True, slots=True)
class LeaveMiner:
    """The sender's miner leaves at the next opening."""

    federation: Address
    round: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/leave-miner"


@dataclass(frozen=True, slots=True)
class CheckInMiner:
    """The sender's miner, dormant, is there again.

    ``round`` is the last opened one, and ``returns`` how often the miner had come back before; both are for the intent
    only: slashed and topped up, it may come back twice in a round.
    """

    federation: Address
    round: int
    returns: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/check-in-miner/{self.returns}"


@dataclass(frozen=True, slots=True)
class RegisterDevice:
    """The sender joins as a device of the miner contract ``miner``, or re-binds to it.

    ``round`` is the last opened one, and ``block``, of a device that re-binds, the chain's latest; both are for the intent
    only: a device may come back to a miner that it left, in one round too. ``evidence`` is for the federation's policy.
    """

    federation: Address
    miner: Address
    dataset_root: bytes
    dataset_size: int
    rate_ns: int
    round: int = 0
    evidence: bytes = b""
    block: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/register-device/{self.block}/{self.miner}"


@dataclass(frozen=True, slots=True)
class LeaveDevice:
    """The sender, a device of ``miner``, leaves. ``round`` is the last opened one, for the intent only."""

    federation: Address
    miner: Address
    round: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/leave-device/{self.miner}"


@dataclass(frozen=True, slots=True)
class CheckInDevice:
    """The sender, a silent device of ``miner``, is there again.

    ``round`` is the last opened one, for the intent only.
    """

    federation: Address
    miner: Address
    round: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/check-in-device"


@dataclass(frozen=True, slots=True)
class SubmitUpdate:
    """The sender commits to its local update of ``round`` in the pool of ``miner``."""

    federation: Address
    miner: Address
    round: int
    cid: Cid
    samples: int
    epochs: int
    compute_us: int
    loss_before: int
    loss_after: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/submit"


@dataclass(frozen=True, slots=True)
class Vote:
    """The sender's ballot over all updates of ``round``."""

    federation: Address
    round: int
    updates_root: bytes
    verdicts: bytes

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/vote/{self.updates_root.hex()}"


@dataclass(frozen=True, slots=True)
class Propose:
    """The sender's candidate block.

    ``turn`` (K4) is for the intent only: a candidate that was dropped may be proposed again.
    """

    federation: Address
    header: Header
    turn: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.header.round}/propose/{self.turn}/{self.header.hash().hex()}"


@dataclass(frozen=True, slots=True)
class Attest:
    """The sender agrees, or not, with the candidate.

    ``turn`` (K4) is for the intent only: a candidate that was dropped may be proposed, and attested, again.
    """

    federation: Address
    round: int
    candidate: bytes
    approve: bool
    turn: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/attest/{self.turn}/{self.candidate.hex()}"


@dataclass(frozen=True, slots=True)
class Tick:
    """Do what is due. ``deadline`` is the one that passed and ``phase`` whose it is, for the intent only."""

    federation: Address
    round: int
    deadline: int
    phase: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/tick/{self.phase}/{self.deadline}"


@dataclass(frozen=True, slots=True)
class Pause:
    """The requester stops the deadlines. ``at`` (seconds) is for the intent only."""

    federation: Address
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/pause/{self.at}"


@dataclass(frozen=True, slots=True)
class Unpause:
    """Start the deadlines again. ``at`` (seconds) is for the intent only."""

    federation: Address
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/unpause/{self.at}"


@dataclass(frozen=True, slots=True)
class Close:
    """The requester ends the federation at the round boundary."""

    federation: Address

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/close"


@dataclass(frozen=True, slots=True)
class ChangeConsensus:
    """The governor announces another module.

    ``round``, the last opened one, and ``at`` (seconds) are for the intent only: one may change one's mind and back.
    """

    federation: Address
    module: Address
    parameters: bytes
    round: int
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/consensus/{self.module}/{self.parameters.hex()}/{self.at}"


@dataclass(frozen=True, slots=True)
class Expel:
    """The governor lets the miner at ``index`` go. ``round`` is the last opened one, for the intent only."""

    federation: Address
    index: int
    round: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.round}/expel/{self.index}"


Action = (
    CreateFederation
    | RegisterMiner
    | SetEndpoint
    | LeaveMiner
    | CheckInMiner
    | RegisterDevice
    | LeaveDevice
    | CheckInDevice
    | SubmitUpdate
    | Vote
    | Propose
    | Attest
    | Tick
    | Pause
    | Unpause
    | Close
    | ChangeConsensus
    | Expel
    | RewardAction
    | StakeAction
    | GrantRole
    | RevokeRole
    | SetAllowList
)
