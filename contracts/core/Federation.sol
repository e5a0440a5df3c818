// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederationRounds} from "../interfaces/IFederationRounds.sol";
import {Drop, Header, Phase, Status} from "../interfaces/Types.sol";
import {CidLib} from "../libraries/CidLib.sol";
import {HeaderLib} from "../libraries/HeaderLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationMembership} from "./FederationMembership.sol";
import {FederationPhases} from "./FederationPhases.sol";

/// Cloned by the factory for each learning task: what members do in a round (docs/SPECIFICATION.md, P). Each call
/// first does the transition that is due, so that on the fast path nobody needs `tick`. All other calls it passes on
/// to its extension, in its own storage, because both together are more code than a contract may have (EIP-170).
contract Federation is FederationPhases, FederationMembership, Proxy, Initializable {
    using MaskLib for uint64;

    /// Answers what is not asked in every round.
    address private immutable _extension;

    constructor(address extension) {
        _extension = extension;
        _disableInitializers();
    }

    /// @inheritdoc IFederationRounds
    function tick() external nonReentrant whenOpen {
        if (!_advance()) revert FederationNothingDue(_clock.round, _clock.phase, _clock.deadline);
    }

    /// @inheritdoc IFederationRounds
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; `nonReentrant`
    function vote(uint32 round, bytes32 updatesRoot, bytes calldata verdicts) external nonReentrant {
        uint8 index = _begin(round, Phase.Verification);
        uint64 voted = _ballots.voted;
        if (voted.has(index)) revert FederationAlreadyVoted(round, index);
        if (updatesRoot != _updatesRoot) revert FederationUnexpectedUpdatesRoot(_updatesRoot, updatesRoot);
        if (verdicts.length != _attestations.updates) {
            revert FederationBallotLength(_attestations.updates, verdicts.length);
        }
        voted |= MaskLib.bit(index);
        _ballots.voted = voted;
        _ballotHashes[index] = keccak256(verdicts);
        emit BallotCast(round, index, updatesRoot, verdicts);
        if (_clock.voters & ~voted == 0) _closeVerification();
    }

    /// @inheritdoc IFederationRounds
    // slither-disable-next-line reentrancy-no-eth: guarded by the entry's `nonReentrant`
    function propose(Header calldata header) external nonReentrant {
        uint8 index = _begin(header.round, Phase.Mining);
        if (_ballots.barred.has(index)) revert FederationProposerBarred(header.round, index);
        _checkHeader(header, index);
        bytes32 hash = HeaderLib.hash(header);
        // Mining opened one of its lengths before its deadline, time paused apart.
        _attestations.elapsed = uint32(block.timestamp + _config.miningSeconds - _clock.deadline);
        _attestations.approvals = MaskLib.bit(index);
        _clock.proposer = index;
        _blocks[header.round] = hash;
        _models[header.number & 1] = header.model.digest;
        _ballots.candidateCodec = header.model.codec;
        uint40 deadline = _enter(Phase.Attestation, _config.attestationSeconds);
        _wake(index);
        emit BlockProposed(header.round, index, hash, header, deadline);
        if (address(_rewardVault) != address(0)) {
            _rewardVault.onProposed(msg.sender, header.round, hash, header.rewardsTotal);
        }
        _settle();
    }

    /// @inheritdoc IFederationRounds
    // slither-disable-next-line reentrancy-no-eth: guarded by the entry's `nonReentrant`
    function attest(uint32 round, bytes32 candidate, bool approve) external nonReentrant {
        uint8 index = _begin(round, Phase.Attestation);
        if (candidate != _blocks[round]) revert FederationUnexpectedCandidate(_blocks[round], candidate);
        (uint64 approvals, uint64 rejections) = (_attestations.approvals, _attestations.rejections);
        if ((approvals | rejections).has(index)) revert FederationAlreadyAttested(round, index);
        if (approve) _attestations.approvals = approvals | MaskLib.bit(index);
        else _attestations.rejections = rejections | MaskLib.bit(index);
        _wake(index);
        emit Attested(round, index, candidate, approve);
        if (approve && address(_rewardVault) != address(0)) {
            _rewardVault.onAttested(msg.sender, round, candidate);
        }
        _settle();
    }

    /// @inheritdoc IFederationRounds
    function onSlashed(address owner, uint32 round) external nonReentrant {
        if (msg.sender != address(_stakeVault)) revert FederationOnlyStakeVault(msg.sender);
        uint8 place = _placeOfOwner[owner];
        if (place == 0) return;
        _config.consensus.onSlashed(round, place - 1);
        if (!_stakeVault.isSufficient(owner)) _membership.dormant |= MaskLib.bit(place - 1);
    }

    /// @inheritdoc IFederationRounds
    function requireTraining(uint32 round, uint8 index) external view returns (uint40 deadline) {
        // Read in one go: the optimizer makes this a single SLOAD.
        (Status status, Phase current, uint32 last) = (_clock.status, _clock.phase, _clock.round);
        uint64 snapshot;
        (deadline, snapshot) = (_clock.deadline, _clock.snapshot);
        if (status != Status.Running) revert FederationUnexpectedStatus(status);
        if (round != last) revert FederationUnexpectedRound(last, round);
        if (current != Phase.Training || block.timestamp >= deadline) {
            revert FederationUnexpectedPhase(round, current, Phase.Training);
        }
        if (!snapshot.has(index)) revert FederationNotInSnapshot(msg.sender, round);
    }

    /// @inheritdoc IFederationRounds
    function stakeVault() external view returns (address) {
        return address(_stakeVault);
    }

    /// @inheritdoc IFederationRounds
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function blockOf(uint32 round) external view returns (bytes32) {
        if (round == 0 || (round == _clock.round && _clock.phase != Phase.Finalized)) return 0;
        return _blocks[round];
    }

    /// Act on the attestations as soon as they decide.
    function _settle() private {
        uint256 total = _weigh(_clock.voters);
        uint256 approvals = _weigh(_attestations.approvals);
        uint256 rejections = _weigh(_attestations.rejections);
        if (2 * approvals > total) return _finalize();
        if (2 * rejections > total) return _dropCandidate(Drop.Rejected);
        uint256 silent = total - approvals - rejections;
        if (2 * (approvals + silent) <= total && 2 * (rejections + silent) <= total) {
            _dropCandidate(Drop.Undecided);
        }
    }

    /// The checks that all calls of miners share, in the order of P11; the caller's index in the snapshot.
    function _begin(uint32 round, Phase expected) private returns (uint8 index) {
        Status status = _clock.status;
        if (status != Status.Running) revert FederationUnexpectedStatus(status);
        _requireRound(round);
        if (_advance()) _requireRound(round);
        Phase current = _clock.phase;
        if (current != expected) revert FederationUnexpectedPhase(round, current, expected);
        index = _requireOwner();
        if (!_clock.voters.has(index)) revert FederationNotInSnapshot(msg.sender, round);
    }

    function _requireRound(uint32 round) private view {
        uint32 current = _clock.round;
        if (round != current) revert FederationUnexpectedRound(current, round);
    }

    /// What the chain knows of a block must be in its header, and its proof must entitle the miner.
    function _checkHeader(Header calldata header, uint8 index) private {
        address miner = _members[index].miner;
        bytes32 parent = _head();
        if (header.number != _attestations.height + 1) revert FederationHeaderMismatch(0);
        if (header.parent != parent) revert FederationHeaderMismatch(1);
        if (header.updatesRoot != _updatesRoot) revert FederationHeaderMismatch(3);
        if (header.ballotsRoot != _ballotsRoot) revert FederationHeaderMismatch(4);
        if (!CidLib.isCodec(header.body.codec)) revert FederationHeaderMismatch(6);
        if (!CidLib.isCodec(header.model.codec)) revert FederationHeaderMismatch(7);
        if (address(_rewardVault) == address(0)) {
            if (header.rewardsRoot != 0) revert FederationHeaderMismatch(8);
            if (header.rewardsTotal != 0) revert FederationHeaderMismatch(9);
        }
        if (header.proposer != miner) revert FederationHeaderMismatch(11);
        // slither-disable-next-line uninitialized-local: all fields are set below
        IConsensus.Claim memory claim;
        claim.round = header.round;
        claim.parent = parent;
        claim.updatesRoot = header.updatesRoot;
        claim.ballotsRoot = header.ballotsRoot;
        claim.miner = miner;
        claim.index = index;
        claim.turn = _clock.extensions + _clock.candidates;
        claim.eligible = _clock.voters & ~_ballots.barred;
        _config.consensus.propose(claim, header.proof, header.weights);
    }

    /// Who answers the calls that are not above.
    function _implementation() internal view override returns (address) {
        return _extension;
    }
}
