"""The contract `Federation`, second part: what is due, and what follows from it (P1 to P7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from minerva.errors import ContractReverted
from minerva.protocol.events import (
    BlockFinalized,
    CandidateDropped,
    ConsensusChanged,
    ConsensusChangeFailed,
    FederationClosed,
    MinerLeaving,
    MiningReopened,
    PhaseExtended,
    RoundOpened,
    RoundSkipped,
    TrainingClosed,
    VerificationClosed,
    VotersReplaced,
)
from minerva.protocol.header import Header
from minerva.protocol.machine.checks import Emit
from minerva.protocol.machine.consensus import ConsensusMachine
from minerva.protocol.machine.membership import Membership
from minerva.protocol.machine.miner import MinerMachine
from minerva.protocol.machine.rewards import RewardVaultMachine, VaultState
from minerva.protocol.records import ZERO32, Address, hash_list, indices
from minerva.protocol.stake import Offence
from minerva.protocol.state import Drop, FederationConfig, FederationState, Phase, Pool, Status

Transition = Callable[[int], None]
"""Moves a federation on, given the chain's clock."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate block and how many seconds after the (re-)opening of Mining it came (W3)."""

    header: Header
    elapsed: int


@dataclass(frozen=True, slots=True)
class Announced:
    """K10: a module that takes over at the opening of a round."""

    module: ConsensusMachine
    parameters: bytes
    from_round: int


@dataclass(frozen=True, slots=True)
class Savepoint:
    """What may have moved before a call's last check."""

    state: FederationState
    members: dict[int, MinerMachine]
    ballots: dict[int, bytes]
    candidate: Candidate | None
    consensus: ConsensusMachine
    announced: Announced | None
    expelled: tuple[int, int]
    rewards: VaultState | None


class Rounds(Membership):
    """The phases of each round. ``now`` is the chain's clock in seconds."""

    def __init__(
        self,
        address: Address,
        requester: Address,
        config: FederationConfig,
        genesis: bytes,
        consensus: ConsensusMachine,
        emit: Emit,
    ) -> None:
        super().__init__(address, requester, config, genesis, emit)
        self.consensus, self._weighted, self.randao = consensus, False, 0
        self._announced: Announced | None = None
        self.reward_vault: RewardVaultMachine | None = None
        self._ballots: dict[int, bytes] = {}
        self._candidate: Candidate | None = None
        self._blocks: dict[int, bytes] = {}

    def save(self) -> Savepoint:
        """Return what `restore` needs."""
        return Savepoint(
            self.state, dict(self.members), dict(self._ballots), self._candidate, self.consensus,
            self._announced, self._expelled, self.reward_vault.save() if self.reward_vault else None,
        )  # fmt: skip

    def restore(self, saved: Savepoint) -> None:
        """Undo all since `save`, as a revert does; pools, bindings and blocks move after the last check."""
        self.state, self.members = saved.state, saved.members
        self._ballots, self._candidate = saved.ballots, saved.candidate
        self.consensus, self._announced, self._expelled = saved.consensus, saved.announced, saved.expelled
        if self.reward_vault and saved.rewards:
            self.reward_vault.restore(saved.rewards)

    def add_miner(self, miner: MinerMachine) -> None:
        """M1."""
        super().add_miner(miner)
        self.consensus.on_joined(self.address, miner.index)

    def on_slashed(self, owner: Address, round: int) -> None:
        """S6 and S7: the vault has punished ``owner`` for what it signed."""
        index = self.index_of(owner)
        if index is None:
            return
        self.consensus.on_slashed(self.address, round, index)
        if not self._is_sufficient(index):
            self._set(dormant=self.state.dormant | 1 << index)

    # Views

    @property
    def height(self) -> int:
        """How many blocks there are."""
        return self.state.height

    def phase(self, round: int) -> Phase:
        """Return the phase of any round, past, present or to come."""
        if round == self.state.round:
            return self.state.phase
        if round == 0 or round > self.state.round:
            return Phase.PENDING
        return Phase.FINALIZED if round in self._blocks else Phase.SKIPPED

    def block_of(self, round: int) -> bytes:
        """Return the header hash that ended ``round``; zero when none did."""
        return self._blocks.get(round, ZERO32)

    def ballot_of(self, index: int) -> bytes:
        """Return the hash of a miner's ballot in the current round; zero before it voted."""
        return self._ballots.get(index, ZERO32)

    def pool(self, miner: MinerMachine, round: int) -> Pool:
        """Return a pool of one of this federation's miners."""
        return miner.pool(round, self.config.silent_rounds)

    def due(self, now: int) -> bool:
        """P7: whether `tick` would do something."""
        return self._due(now) is not None

    # P7: what is due

    def _due(self, now: int) -> Transition | None:
        s = self.state
        if s.status is Status.WAITING:
            return self._open if self._may_open() else None
        if s.status is not Status.RUNNING:
            return None
        late = now >= s.deadline
        if s.phase is Phase.TRAINING:
            return self._due_in_training(late)
        if not late:
            return None
        if s.phase is Phase.VERIFICATION:
            return self._due_in_verification()
        return self._time_out_mining if s.phase is Phase.MINING else self._time_out_attestation

    def _due_in_training(self, late: bool) -> Transition | None:
        """P2."""
        pools = self._pools()
        enough = sum(pool.count for pool in pools) >= self.config.min_updates
        outstanding = sum(pool.outstanding for pool in pools)
        if enough and (late or not outstanding):
            return self._close_training
        if not late:
            return None
        return self._extend if self._extensible() else self._skip

    def _due_in_verification(self) -> Transition:
        """P3: a quorum at first; once the extensions are used up, a majority."""
        votes, total = self._weigh(self.state.voted), self._weigh(self.state.voters)
        if 3 * votes >= 2 * total:
            return self._close_verification
        if self._extensible():
            return self._extend_verification
        return self._close_verification if 2 * votes > total else self._skip_verification

    def _extensible(self) -> bool:
        return self.state.extensions < self.config.max_extensions

    def _extend(self, now: int) -> None:
        """P2 and P3."""
        s, config = self.state, self.config
        seconds = config.training_seconds if s.phase is Phase.TRAINING else config.verification_seconds
        self._set(deadline=now + seconds, extensions=s.extensions + 1)
        self._emit(PhaseExtended(s.round, s.phase, now + seconds))

    # P1: opening

    def _eligible(self) -> int:
        s = self.state
        return s.members & ~s.leaving & ~s.dormant

    def _may_open(self) -> bool:
        if self.reward_vault and not self.state.round and not self.reward_vault.is_funded:
            return False  # Y2
        eligible, following = self._eligible(), self.state.round + 1
        devices = sum(self.pool(self.members[i], following).outstanding for i in indices(eligible))
        return eligible.bit_count() >= self.config.min_miners and devices >= self.config.min_devices

    def _open(self, now: int) -> None:
        snapshot, following = self._eligible(), self.state.round + 1
        self._change_consensus(following)
        voters, lanes = self.consensus.open(self.address, following, snapshot, self.state.head, self.randao)
        self._weighted = bool(lanes)
        deadline = now + self.config.training_seconds
        self._ballots = {}
        self._set(
            status=Status.RUNNING, phase=Phase.TRAINING, round=following, opened_at=now, deadline=deadline,
            snapshot=snapshot, voters=voters, extensions=0, candidates=0, voted=0, barred=0, approvals=0, rejections=0,
            updates=0, updates_root=ZERO32, ballots_root=ZERO32, candidate=ZERO32, proposer=0, joins=0,
        )  # fmt: skip
        self._emit(RoundOpened(following, snapshot, voters, lanes, deadline))

    # P2: Training

    def _pools(self) -> list[Pool]:
        s = self.state
        return [self.pool(self.members[i], s.round) for i in indices(s.snapshot)]

    def _close_training(self, now: int) -> None:
        pools, deadline = self._pools(), now + self.config.verification_seconds
        updates, root = sum(pool.count for pool in pools), hash_list(pool.head for pool in pools)
        self._set(phase=Phase.VERIFICATION, deadline=deadline, extensions=0)
        self._set(updates=updates, updates_root=root)
        self._emit(TrainingClosed(self.state.round, root, updates, deadline))

    # P3: Verification

    def _close_verification(self, now: int) -> None:
        s, deadline = self.state, now + self.config.mining_seconds
        absent = s.voters & ~s.voted
        root = hash_list(self.ballot_of(i) for i in indices(s.voters))
        self._set(phase=Phase.MINING, deadline=deadline, extensions=0, ballots_root=root)
        self._emit(VerificationClosed(s.round, root, s.voted, absent, deadline))
        self._miss(absent)

    def _skip_verification(self, now: int) -> None:
        self._miss(self.state.voters & ~self.state.voted)
        self._skip(now)

    def _extend_verification(self, now: int) -> None:
        self._extend(now)
        self._replace(self.state.voters & ~self.state.voted)

    def _miss(self, absent: int) -> None:
        """M3 and S6: who was silent is dormant, and it is counted against its stake."""
        s = self.state
        self._set(dormant=s.dormant | absent)
        for index in indices(absent) if self.stakes else ():
            assert self.stakes is not None
            punished, _ = self.stakes.miss(self.address, self.members[index].owner, s.round)
            if punished:
                self.consensus.on_slashed(self.address, s.round, index)

    def _replace(self, silent: int) -> None:
        """K3: others come in the place of the silent, where the module has any."""
        if not self._weighted or not silent:
            return
        voters, lanes = self.consensus.replace(self.address, self.state.round, silent)
        gone = self.state.voters & ~voters
        if gone:
            self._set(voters=voters)
            self._emit(VotersReplaced(self.state.round, gone, voters, lanes))
            self._miss(gone)

    def _weigh(self, mask: int) -> int:
        return self.consensus.weigh(self.address, mask) if self._weighted else mask.bit_count()

    def _change_consensus(self, round: int) -> None:
        """K10."""
        announced = self._announced
        if announced is None or round < announced.from_round:
            return
        self._announced = None
        module, parameters = announced.module, announced.parameters
        try:
            module.configure(self.address, parameters)
        except ContractReverted:
            self._emit(ConsensusChangeFailed(round, module.address))
            return
        self.consensus = module
        self.config = replace(self.config, consensus=module.address, consensus_parameters=parameters)
        self._emit(ConsensusChanged(round, module.address))

    # P4: Mining

    def _time_out_mining(self, now: int) -> None:
        s = self.state
        self.consensus.on_timeout(self.address, s.round)
        if self._extensible():
            self._set(extensions=s.extensions + 1)
            self._mine_again(now)
        else:
            self._skip(now)

    def _mine_again(self, now: int) -> None:
        deadline = now + self.config.mining_seconds
        self._set(phase=Phase.MINING, deadline=deadline)
        self._emit(MiningReopened(self.state.round, deadline))

    # P5: Attestation

    def _decide(self, now: int) -> None:
        s = self.state
        total = self._weigh(s.voters)
        approvals, rejections = self._weigh(s.approvals), self._weigh(s.rejections)
        if 2 * approvals > total:
            self._finalize(now)
        elif 2 * rejections > total:
            self._drop(Drop.REJECTED, now)
        elif 2 * (total - rejections) <= total and 2 * (total - approvals) <= total:
            self._drop(Drop.UNDECIDED, now)

    def _time_out_attestation(self, now: int) -> None:
        silent = self.state.voters & ~(self.state.approvals | self.state.rejections)
        if self._weighted and self.state.candidates + 1 == self.config.max_candidates:
            self._miss(silent)
        self._drop(Drop.TIMED_OUT, now)
        if self.state.phase is Phase.MINING:
            self._replace(silent)

    def _drop(self, reason: Drop, now: int) -> None:
        s = self.state
        barred = s.barred | 1 << s.proposer if reason is Drop.REJECTED else s.barred
        dropped = s.candidates + 1
        self._set(barred=barred, candidates=dropped)
        self._set(candidate=ZERO32, proposer=0, approvals=0, rejections=0)
        self._emit(CandidateDropped(s.round, s.proposer, s.candidate, reason))
        if reason is Drop.REJECTED:
            self._punish(s.proposer)
        if dropped == self.config.max_candidates or not s.voters & ~barred:
            self._skip(now)
        else:
            self._mine_again(now)

    def _punish(self, index: int) -> None:
        """S6: the miner's candidate was rejected."""
        round, owner = self.state.round, self.members[index].owner
        self.consensus.on_slashed(self.address, round, index)
        if self.stakes and not self.stakes.punish(self.address, owner, round, Offence.REJECTED_CANDIDATE):
            self._set(dormant=self.state.dormant | 1 << index)

    # P6: the end of a round

    def _finalize(self, now: int) -> None:
        s, candidate = self.state, self._candidate
        assert candidate is not None
        self._blocks[s.round] = s.candidate
        self._set(phase=Phase.FINALIZED, head=s.candidate, height=s.height + 1, model=candidate.header.model)
        self._emit(BlockFinalized(s.round, self.state.height, s.candidate, s.approvals))
        self.consensus.on_finalized(self.address, s.round, candidate.elapsed)
        if self.reward_vault:
            self.reward_vault.on_finalized(s.round)
        self._end_round(now)

    def _skip(self, now: int) -> None:
        self._emit(RoundSkipped(self.state.round, self.state.phase))
        self._set(phase=Phase.SKIPPED)
        self._end_round(now)

    def _end_round(self, now: int) -> None:
        going, later = self._expelled
        self._expelled = (later, 0)
        for index in indices(going & ~self.state.leaving):
            self._emit(MinerLeaving(index))
        self._set(leaving=self.state.leaving | going)
        self._remove(self.state.leaving)
        if self.state.closing or self.state.round == self.config.rounds:
            self._finish(now)
        elif self._may_open():
            self._open(now)
        else:
            self._set(status=Status.WAITING)

    def _finish(self, now: int) -> None:
        self._set(status=Status.CLOSED)
        self._emit(FederationClosed(self.state.round, self.state.height, self.state.head))
        if self.reward_vault:
            self.reward_vault.on_closed(now)
