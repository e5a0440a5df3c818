"""The contract `Federation`, third part: its calls and the order of their checks (P7 to P11)."""

from __future__ import annotations

from eth_utils.crypto import keccak

from minerva.errors import ContractReverted
from minerva.protocol.events import (
    Attested,
    BallotCast,
    BlockProposed,
    ConsensusChangeAnnounced,
    FederationClosing,
    FederationPaused,
    FederationUnpaused,
    MinerExpelled,
)
from minerva.protocol.governance import ADMIN, GOVERNOR, PAUSER, RoleGranted, RoleRevoked
from minerva.protocol.header import Header
from minerva.protocol.machine.checks import is_codec, require
from minerva.protocol.machine.consensus import Claim, ConsensusMachine
from minerva.protocol.machine.miner import MinerMachine
from minerva.protocol.machine.rounds import Announced, Candidate, Rounds
from minerva.protocol.records import ZERO32, Address
from minerva.protocol.state import Phase, Status

ROUND_OPEN = (Phase.TRAINING, Phase.VERIFICATION, Phase.MINING, Phase.ATTESTATION)


class FederationMachine(Rounds):
    """One federation."""

    def tick(self, now: int) -> None:
        """P7: do the one transition that is due."""
        self.require_open()
        transition, s = self._due(now), self.state
        if transition is None:
            raise ContractReverted("FederationNothingDue", (s.round, s.phase, s.deadline))
        transition(now)

    def require_training(self, round: int, miner: MinerMachine, now: int) -> None:
        """P2 and P8: refuse unless ``miner`` takes updates of ``round`` in."""
        self._require_status(Status.RUNNING)
        self._require_round(round)
        s = self.state
        taking = s.phase is Phase.TRAINING and now < s.deadline
        require(taking, "FederationUnexpectedPhase", round, s.phase, Phase.TRAINING)
        placed = self.members.get(miner.index) is miner and self._in(s.snapshot, miner.index)
        require(placed, "FederationNotInSnapshot", miner.address, round)

    def vote(self, sender: Address, round: int, updates_root: bytes, verdicts: bytes, now: int) -> None:
        """P3: one ballot over all updates."""
        index = self._enter(sender, round, Phase.VERIFICATION, now)
        s = self.state
        require(not self._in(s.voted, index), "FederationAlreadyVoted", round, index)
        named = updates_root == s.updates_root
        require(named, "FederationUnexpectedUpdatesRoot", s.updates_root, updates_root)
        require(len(verdicts) == s.updates, "FederationBallotLength", s.updates, len(verdicts))
        self._ballots[index] = keccak(verdicts)
        self._set(voted=s.voted | 1 << index)
        self._emit(BallotCast(round, index, updates_root, verdicts))
        if not self.state.voters & ~self.state.voted:
            self._close_verification(now)

    def propose(self, sender: Address, header: Header, now: int) -> None:
        """P4 and P5: a candidate block; proposing counts as approving."""
        round = header.round
        index = self._enter(sender, round, Phase.MINING, now)
        s, miner = self.state, self.members[index]
        require(not self._in(s.barred, index), "FederationProposerBarred", round, index)
        self._check_header(header, miner)
        claim = Claim(
            round, s.head, s.updates_root, s.ballots_root, miner.address, index,
            s.extensions + s.candidates, s.voters & ~s.barred,
        )  # fmt: skip
        self.consensus.propose(self.address, claim, header.proof, header.weights)
        mining_opened = s.deadline - self.config.mining_seconds  # E8: moves with the deadline
        self._candidate = Candidate(header, now - mining_opened)
        deadline, hash = now + self.config.attestation_seconds, header.hash()
        self._set(phase=Phase.ATTESTATION, deadline=deadline)
        self._set(candidate=hash, proposer=index, approvals=1 << index)
        self._return(index)
        self._emit(BlockProposed(round, index, hash, header, deadline))
        if self.reward_vault:
            self.reward_vault.on_proposed(sender, round, hash, header.rewards_total)
        self._decide(now)

    def attest(self, sender: Address, round: int, candidate: bytes, approve: bool, now: int) -> None:
        """P5: agree, or not, with the candidate."""
        index = self._enter(sender, round, Phase.ATTESTATION, now)
        s = self.state
        require(candidate == s.candidate, "FederationUnexpectedCandidate", s.candidate, candidate)
        attested = self._in(s.approvals | s.rejections, index)
        require(not attested, "FederationAlreadyAttested", round, index)
        if approve:
            self._set(approvals=s.approvals | 1 << index)
        else:
            self._set(rejections=s.rejections | 1 << index)
        self._return(index)
        self._emit(Attested(round, index, candidate, approve))
        if approve and self.reward_vault:
            self.reward_vault.on_attested(sender, round, candidate)
        self._decide(now)

    def pause(self, sender: Address, now: int) -> None:
        """P9."""
        self.require_open()
        self._require_role(sender, PAUSER)
        left = self.config.max_pause_seconds - self.state.paused_seconds
        require(left > 0, "FederationPauseExhausted", self.config.max_pause_seconds)
        self._set(status=Status.PAUSED, paused_at=now)
        self._emit(FederationPaused(now))

    def unpause(self, sender: Address, now: int) -> None:
        """P9 and E8."""
        self._require_status(Status.PAUSED)
        s = self.state
        paused, left = now - s.paused_at, self.config.max_pause_seconds - s.paused_seconds
        if paused < left:
            self._require_role(sender, PAUSER)
        shift = min(paused, left)
        self._set(status=Status.RUNNING if s.phase in ROUND_OPEN else Status.WAITING)
        self._set(opened_at=s.opened_at + shift, deadline=s.deadline + shift)
        self._set(paused_at=0, paused_seconds=s.paused_seconds + shift)
        self._emit(FederationUnpaused(now, self.state.deadline))

    def close(self, sender: Address, now: int) -> None:
        """P10."""
        self.require_open()
        self._require_role(sender, GOVERNOR)
        require(not self.state.closing, "FederationUnexpectedStatus", self.state.status)
        self._set(closing=True)
        self._emit(FederationClosing(self.state.round))
        if self.state.status is Status.WAITING:
            self._finish(now)

    def change_consensus(
        self, sender: Address, address: Address, module: ConsensusMachine | None, parameters: bytes
    ) -> None:
        """K10; no ``module``: there is no code at the address."""
        self._require_governor(sender)
        if module is None:
            raise ContractReverted("FederationInvalidConfig", (2, int(address, 16)))
        module.validate(self.address, parameters)
        self._announced = Announced(module, parameters, self.state.round + 2)
        self._emit(ConsensusChangeAnnounced(module.address, parameters, self.state.round + 2))

    def expel(self, sender: Address, index: int) -> None:
        """A3."""
        self._require_governor(sender)
        (going, later), s = self._expelled, self.state
        known = s.members & ~(s.leaving | going | later)
        require(index < 64 and self._in(known, index), "FederationNoMiner", index)
        bit = 1 << index
        waiting = s.status is Status.WAITING
        self._expelled = (going | bit, later) if waiting else (going, later | bit)
        self._emit(MinerExpelled(index))

    # A2: roles

    def found(self, factory: Address) -> None:
        """Give the requester all roles, as the factory's call does."""
        for role in (ADMIN, PAUSER, GOVERNOR):
            self._roles[role] = frozenset({self.requester})
            self._emit(RoleGranted(role, self.requester, factory))

    def grant_role(self, sender: Address, role: bytes, account: Address) -> None:
        """Give a role, whatever the status; a second time changes nothing."""
        self._require_role(sender, ADMIN)
        holders = self._roles.get(role, frozenset())
        if account not in holders:
            self._roles[role] = holders | {account}
            self._emit(RoleGranted(role, account, sender))

    def revoke_role(self, sender: Address, role: bytes, account: Address) -> None:
        """Take a role, whatever the status; one that is not there changes nothing."""
        self._require_role(sender, ADMIN)
        holders = self._roles.get(role, frozenset())
        if account in holders:
            self._roles[role] = holders - {account}
            self._emit(RoleRevoked(role, account, sender))

    # P8 and P11: checks

    def _enter(self, sender: Address, round: int, phase: Phase, now: int) -> int:
        """P11: status, round, what is due, round again, phase, place; return the sender's index."""
        self._require_status(Status.RUNNING)
        self._require_round(round)
        transition = self._due(now)
        if transition is not None:
            transition(now)
        self._require_round(round)
        require(self.state.phase is phase, "FederationUnexpectedPhase", round, self.state.phase, phase)
        index = self.index_of(sender)
        if index is None or not self._in(self.state.voters, index):
            raise ContractReverted("FederationNotInSnapshot", (sender, round))
        return index

    def _check_header(self, header: Header, proposer: MinerMachine) -> None:
        """P11: the first field that is not what the chain says."""
        s = self.state
        matches = {
            0: header.number == s.height + 1,
            1: header.parent == s.head,
            2: header.round == s.round,
            3: header.updates_root == s.updates_root,
            4: header.ballots_root == s.ballots_root,
            6: is_codec(header.body.codec),
            7: is_codec(header.model.codec),
            8: self.reward_vault is not None or header.rewards_root == ZERO32,
            9: self.reward_vault is not None or header.rewards_total == 0,
            11: header.proposer == proposer.address,
        }
        for field, match in matches.items():
            require(match, "FederationHeaderMismatch", field)

    def _require_round(self, round: int) -> None:
        require(round == self.state.round, "FederationUnexpectedRound", self.state.round, round)

    def _require_governor(self, sender: Address) -> None:
        self.require_open()
        self._require_role(sender, GOVERNOR)

    def _require_role(self, sender: Address, role: bytes) -> None:
        """A2."""
        held = sender in self._roles.get(role, ())
        require(held, "AccessControlUnauthorizedAccount", sender, role)
