// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederation} from "../interfaces/IFederation.sol";
import {Config, Drop, Header, Phase, Status} from "../interfaces/Types.sol";
import {CidLib} from "../libraries/CidLib.sol";
import {FederationConfig} from "../libraries/FederationConfig.sol";
import {HeaderLib} from "../libraries/HeaderLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationControl} from "./FederationControl.sol";
import {FederationViews} from "./FederationViews.sol";

/// Cloned by the factory for each learning task: what miners do in a round (docs/SPECIFICATION.md, P). Each call
/// first does the transition that is due, so that on the fast path nobody needs `tick`.
contract Federation is FederationControl, FederationViews, Initializable {
    using FederationConfig for FederationConfig.State;
    using MaskLib for uint64;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IFederation
    function initialize(address requester_, Config calldata config_) external initializer {
        FederationConfig.check(config_);
        _config.store(config_);
        _requester = requester_;
        _factory = msg.sender;
        _modelDigest = config_.model.digest;
        _ballots.modelCodec = config_.model.codec;
        _blocks[0] = HeaderLib.genesis(address(this), config_.manifest, config_.model);
        config_.consensus.configure(config_.consensusParameters);
    }

    /// @inheritdoc IFederation
    function tick() external nonReentrant whenOpen {
        if (!_advance()) revert FederationNothingDue(_clock.round, _clock.phase, _clock.deadline);
    }

    /// @inheritdoc IFederation
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
        if (voted == _clock.snapshot) _closeVerification();
    }

    /// @inheritdoc IFederation
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
        _candidateDigest = header.model.digest;
        _ballots.candidateCodec = header.model.codec;
        uint40 deadline = _enter(Phase.Attestation, _config.attestationSeconds);
        _wake(index);
        emit BlockProposed(header.round, index, hash, header, deadline);
        _settle();
    }

    /// @inheritdoc IFederation
    function attest(uint32 round, bytes32 candidate, bool approve) external nonReentrant {
        uint8 index = _begin(round, Phase.Attestation);
        if (candidate != _blocks[round]) revert FederationUnexpectedCandidate(_blocks[round], candidate);
        (uint64 approvals, uint64 rejections) = (_attestations.approvals, _attestations.rejections);
        if ((approvals | rejections).has(index)) revert FederationAlreadyAttested(round, index);
        if (approve) _attestations.approvals = approvals | MaskLib.bit(index);
        else _attestations.rejections = rejections | MaskLib.bit(index);
        _wake(index);
        emit Attested(round, index, candidate, approve);
        _settle();
    }

    /// Act on the attestations as soon as they decide.
    function _settle() private {
        uint256 total = _clock.snapshot.count();
        uint256 approvals = _attestations.approvals.count();
        uint256 rejections = _attestations.rejections.count();
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
        if (!_clock.snapshot.has(index)) revert FederationNotInSnapshot(msg.sender, round);
    }

    function _requireRound(uint32 round) private view {
        uint32 current = _clock.round;
        if (round != current) revert FederationUnexpectedRound(current, round);
    }

    /// What the chain knows of a block must be in its header, and its proof must entitle the miner.
    function _checkHeader(Header calldata header, uint8 index) private view {
        address miner = _members[index].miner;
        bytes32 parent = _head();
        if (header.number != _attestations.height + 1) revert FederationHeaderMismatch(0);
        if (header.parent != parent) revert FederationHeaderMismatch(1);
        if (header.updatesRoot != _updatesRoot) revert FederationHeaderMismatch(3);
        if (header.ballotsRoot != _ballotsRoot) revert FederationHeaderMismatch(4);
        if (!CidLib.isCodec(header.body.codec)) revert FederationHeaderMismatch(6);
        if (!CidLib.isCodec(header.model.codec)) revert FederationHeaderMismatch(7);
        if (header.proposer != miner) revert FederationHeaderMismatch(8);
        _config.consensus
            .check(
                IConsensus.Claim(header.round, parent, header.updatesRoot, header.ballotsRoot, miner),
                header.proof
            );
    }
}
