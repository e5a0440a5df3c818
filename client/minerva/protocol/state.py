"""Configuration and state of a federation, as the contracts give them (contracts/interfaces/Types.sol)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from minerva.protocol.cid import Cid
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, Address
from minerva.protocol.stake import SHARES, StakeTerms


class Phase(IntEnum):
    """The life of one round."""

    PENDING = 0
    TRAINING = 1
    VERIFICATION = 2
    MINING = 3
    ATTESTATION = 4
    FINALIZED = 5
    SKIPPED = 6


class Status(IntEnum):
    """The life of a federation."""

    WAITING = 0
    RUNNING = 1
    PAUSED = 2
    CLOSED = 3


class Drop(IntEnum):
    """Why a candidate block was dropped."""

    REJECTED = 0
    UNDECIDED = 1
    TIMED_OUT = 2


@dataclass(frozen=True, slots=True)
class FederationConfig:
    """What a federation is created with; bounds in docs/SPECIFICATION.md, section C.

    Field order is that of the Solidity struct `Config`. Lengths of phases are in seconds of the chain.
    """

    manifest: Cid
    model: Cid
    consensus: Address
    consensus_parameters: bytes
    rounds: int
    min_miners: int
    max_miners: int
    min_devices: int
    max_devices: int
    min_updates: int
    max_joins: int
    silent_rounds: int
    training_seconds: int
    verification_seconds: int
    fetch_seconds: int
    mining_seconds: int
    attestation_seconds: int
    max_extensions: int
    max_candidates: int
    max_pause_seconds: int
    max_model_bytes: int
    confirmations: int
    policy: Address = ZERO_ADDRESS
    policy_parameters: bytes = b""


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """What the requester pays; bounds in docs/SPECIFICATION.md, Y1. As it stands: nothing.

    Amounts are in the token's least unit, shares in 1/10,000.
    """

    token: Address = ZERO_ADDRESS
    per_round: int = 0
    data_bps: int = 0
    proposer_bps: int = 0
    ballot_bps: int = 0
    attester_bps: int = 0
    claim_seconds: int = 0

    def pool(self, bps: int) -> int:
        """Return the part of a round's money that ``bps`` stands for (Y3)."""
        return self.per_round * bps // SHARES

    @property
    def budget(self) -> int:
        """The most that a block's table grants (Y3)."""
        return self.pool(self.data_bps) + self.pool(self.proposer_bps) + self.pool(self.ballot_bps)

    def attestation_reward(self, max_miners: int) -> int:
        """Return what a miner earns by having attested a block (Y3)."""
        return self.pool(self.attester_bps) // max_miners


NO_STAKE, NO_REWARDS = StakeTerms(), RewardTerms()


@dataclass(frozen=True, slots=True)
class FederationState:
    """Everything that moves.

    Field order is that of the Solidity struct `State`. Sets of miners are masks over indices.
    """

    status: Status
    phase: Phase
    round: int
    opened_at: int
    deadline: int
    extensions: int
    candidates: int
    members: int
    leaving: int
    dormant: int
    snapshot: int
    voters: int
    voted: int
    barred: int
    approvals: int
    rejections: int
    updates: int
    updates_root: bytes
    ballots_root: bytes
    candidate: bytes
    proposer: int
    height: int
    head: bytes
    model: Cid
    devices: int
    joins: int
    paused_at: int
    paused_seconds: int
    closing: bool


@dataclass(frozen=True, slots=True)
class Pool:
    """A miner's pool in one round: running hash, length, and how many counting devices have not submitted."""

    head: bytes = ZERO32
    count: int = 0
    outstanding: int = 0


@dataclass(frozen=True, slots=True)
class MinerInfo:
    """A miner: its index, who signs for it, its contract, and where its HTTP API answers (may be empty)."""

    index: int
    owner: Address
    contract: Address
    endpoint: str


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A bound device.

    Its miner's contract, the first round it counts from, when it was last seen and last submitted (0:
    never).
    """

    miner: Address
    from_round: int
    seen: int
    submitted: int
