"""The contract `ProofOfWork` (docs/SPECIFICATION.md, section W)."""

from __future__ import annotations

from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from minerva.protocol.events import ConsensusConfigured, DifficultyChanged
from minerva.protocol.lanes import Lanes
from minerva.protocol.machine.checks import Emit, require
from minerva.protocol.machine.consensus import Claim
from minerva.protocol.records import Address

MAX_DIFFICULTY = 1 << 48
MAX_TARGET_SECONDS = 86_400
RETARGET_STEP = 4
"""The most that one block may multiply or divide the difficulty by, and what a time-out divides it by."""
_SEED_TYPES = ("uint256", "address", "uint32", "bytes32", "bytes32", "bytes32", "address")


def pow_seed(chain_id: int, federation: Address, claim: Claim) -> bytes:
    """W1: the 32 bytes that a nonce is hashed with."""
    roots = (claim.parent, claim.updates_root, claim.ballots_root)
    return keccak(encode(_SEED_TYPES, (chain_id, federation, claim.round, *roots, claim.miner)))


def meets(seed: bytes, nonce: int, difficulty: int) -> bool:
    """W1: whether ``nonce`` solves the puzzle."""
    return int.from_bytes(keccak(seed + nonce.to_bytes(32, "big"))) <= ((1 << 256) - 1) // difficulty


@dataclass(frozen=True, slots=True)
class _Target:
    difficulty: int
    target_seconds: int


class ProofOfWorkMachine:
    """One module for many federations."""

    name = "pow"

    def __init__(self, address: Address, chain_id: int, emit: Emit) -> None:
        self.address, self._chain_id, self._emit = address, chain_id, emit
        self._targets: dict[Address, _Target] = {}

    def difficulty(self, federation: Address) -> int:
        """Return the expected number of hashes until a nonce is found; 0 when not configured."""
        target = self._targets.get(federation)
        return target.difficulty if target else 0

    def validate(self, federation: Address, parameters: bytes) -> None:
        """W2."""
        _read(parameters)

    def configure(self, federation: Address, parameters: bytes) -> None:
        """K10: nothing of a former time is left."""
        self._targets[federation] = _read(parameters)
        self._emit(ConsensusConfigured(federation, parameters))

    def open(
        self, federation: Address, round: int, snapshot: int, head: bytes, randao: int
    ) -> tuple[int, Lanes]:
        """All vote, and weigh one."""
        return snapshot, ()

    def weigh(self, federation: Address, mask: int) -> int:
        """One each."""
        return mask.bit_count()

    def replace(self, federation: Address, round: int, silent: int) -> tuple[int, Lanes]:
        """Return the silent: a federation asks nothing of a module without lanes."""
        return silent, ()

    def propose(self, federation: Address, claim: Claim, proof: bytes, weights: Lanes) -> None:
        """W1."""
        require(not weights, "ConsensusInvalidWeights", weights)
        difficulty = self._of(federation).difficulty
        seed = pow_seed(self._chain_id, federation, claim)
        solved = len(proof) == 32 and meets(seed, int.from_bytes(proof), difficulty)
        require(solved, "ConsensusInvalidProof", claim.round, claim.miner)

    def on_finalized(self, federation: Address, round: int, elapsed: int) -> None:
        """W3."""
        target = self._of(federation)
        wanted = target.difficulty * target.target_seconds // max(1, elapsed)
        low, high = target.difficulty // RETARGET_STEP, target.difficulty * RETARGET_STEP
        self._retarget(federation, round, min(max(wanted, low), high))

    def on_timeout(self, federation: Address, round: int) -> None:
        """W4."""
        self._retarget(federation, round, self._of(federation).difficulty // RETARGET_STEP)

    def on_joined(self, federation: Address, index: int) -> None:
        """Nothing is known of places."""

    def on_slashed(self, federation: Address, round: int, index: int) -> None:
        """Nothing is known of miners."""

    def save(self) -> dict[Address, _Target]:
        """Return what `restore` needs to undo what comes after."""
        return dict(self._targets)

    def restore(self, saved: dict[Address, _Target]) -> None:
        """Undo all since `save`."""
        self._targets = saved

    def _retarget(self, federation: Address, round: int, difficulty: int) -> None:
        former = self._targets[federation]
        difficulty = min(max(difficulty, 1), MAX_DIFFICULTY)
        self._targets[federation] = _Target(difficulty, former.target_seconds)
        if difficulty != former.difficulty:  # E2
            self._emit(DifficultyChanged(federation, round, difficulty))

    def _of(self, federation: Address) -> _Target:
        require(federation in self._targets, "ConsensusNotConfigured", federation)
        return self._targets[federation]


def _read(parameters: bytes) -> _Target:
    require(len(parameters) == 64, "ConsensusInvalidParameters", parameters)
    try:
        difficulty, target_seconds = decode(("uint64", "uint32"), parameters)
    except DecodingError:
        difficulty, target_seconds = 0, 0
    sound = 1 <= difficulty <= MAX_DIFFICULTY and 1 <= target_seconds <= MAX_TARGET_SECONDS
    require(sound, "ConsensusInvalidParameters", parameters)
    return _Target(difficulty, target_seconds)
