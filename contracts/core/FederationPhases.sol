// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMiner} from "../interfaces/IMiner.sol";
import {Drop, Offence, Phase, Status} from "../interfaces/Types.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationRounds} from "./FederationRounds.sol";

/// How a round goes from phase to phase (docs/SPECIFICATION.md, P2 to P7).
abstract contract FederationPhases is FederationRounds {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// Do the one transition that is due, if any. No second one can be due after it: each sets a deadline to come.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _advance() internal returns (bool) {
        if (_clock.status == Status.Waiting) return _tryOpen();
        Phase phase = _clock.phase;
        bool late = block.timestamp >= _clock.deadline;
        if (phase == Phase.Training) return _advanceTraining(late);
        // All other early ends are acted on by the call that brings them about.
        if (!late) return false;
        if (phase == Phase.Verification) _expireVerification();
        else if (phase == Phase.Mining) _expireMining();
        else _expireAttestation();
        return true;
    }

    /// Whether `_advance` would do something.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _isDue() internal view returns (bool) {
        if (_clock.status == Status.Waiting) return _eligible() != 0;
        if (_clock.status != Status.Running) return false;
        if (block.timestamp >= _clock.deadline) return true;
        if (_clock.phase != Phase.Training) return false;
        (, uint32 updates, uint256 outstanding) = _pools();
        return outstanding == 0 && updates >= _config.minUpdates;
    }

    /// The ballots are fixed; non-voters are dormant.
    function _closeVerification() internal {
        uint64 voters = _clock.voters;
        uint64 voted = _ballots.voted;
        uint64 absent = voters & ~voted;
        uint256 total = voters.count();
        bytes32[] memory list = new bytes32[](total);
        uint256 n = 0;
        for (uint8 i; n < total; ++i) {
            if (!voters.has(i)) continue;
            if (voted.has(i)) list[n] = _ballotHashes[i];
            ++n;
        }
        bytes32 root = keccak256(abi.encodePacked(list));
        _ballotsRoot = root;
        _clock.extensions = 0;
        uint40 deadline = _enter(Phase.Mining, _config.miningSeconds);
        emit VerificationClosed(_clock.round, root, voted, absent, deadline);
        if (absent != 0) _miss(absent);
    }

    /// A majority approves the candidate: append it.
    // slither-disable-next-line reentrancy-no-eth: guarded by the entry's `nonReentrant`
    function _finalize() internal {
        uint32 round = _clock.round;
        uint64 approvals = _attestations.approvals;
        uint32 number = _attestations.height + 1;
        uint32 elapsed = _attestations.elapsed;
        _clock.phase = Phase.Finalized;
        _attestations.height = number;
        _attestations.lastBlock = round;
        _ballots.modelCodec = _ballots.candidateCodec;
        emit BlockFinalized(round, number, _blocks[round], approvals);
        _config.consensus.onFinalized(round, elapsed);
        if (address(_rewardVault) != address(0)) _rewardVault.onFinalized(round);
        _endRound();
    }

    /// The candidate is out; Mining starts again if anybody may still propose.
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _dropCandidate(Drop reason) internal {
        uint32 round = _clock.round;
        uint8 proposer = _clock.proposer;
        uint8 candidates = _clock.candidates + 1;
        _clock.candidates = candidates;
        _clock.proposer = 0;
        _attestations.approvals = 0;
        _attestations.rejections = 0;
        if (reason == Drop.Rejected) _ballots.barred |= MaskLib.bit(proposer);
        emit CandidateDropped(round, proposer, _blocks[round], reason);
        if (reason == Drop.Rejected) _punish(proposer);
        if (candidates == _config.maxCandidates || _clock.voters & ~_ballots.barred == 0) _skip();
        else _reopenMining(round);
    }

    /// Start `phase` with `length` seconds.
    function _enter(Phase phase, uint40 length) internal returns (uint40 deadline) {
        deadline = _deadline(length);
        _clock.phase = phase;
        _clock.deadline = deadline;
    }

    function _advanceTraining(bool late) private returns (bool) {
        (bytes memory heads, uint32 updates, uint256 outstanding) = _pools();
        if (updates < _config.minUpdates) {
            if (!late) return false;
            if (!_extend(_config.trainingSeconds)) _skip();
            return true;
        }
        if (!late && outstanding != 0) return false;
        bytes32 root = keccak256(heads);
        _updatesRoot = root;
        _attestations.updates = updates;
        _clock.extensions = 0;
        uint40 deadline = _enter(Phase.Verification, _config.verificationSeconds);
        emit TrainingClosed(_clock.round, root, updates, deadline);
        return true;
    }

    // slither-disable-next-line reentrancy-no-eth: guarded by the entry's `nonReentrant`
    function _expireVerification() private {
        uint256 total = _weigh(_clock.voters);
        uint256 voted = _weigh(_ballots.voted);
        if (3 * voted >= 2 * total) return _closeVerification();
        bool extended = _extend(_config.verificationSeconds);
        if (!extended && 2 * voted > total) return _closeVerification();
        uint64 silent = _clock.voters & ~_ballots.voted;
        if (extended) return _replace(silent);
        _miss(silent);
        _skip();
    }

    /// The candidate is out, and so are those who said nothing, where others stand by.
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _expireAttestation() private {
        uint64 silent = _clock.voters & ~(_attestations.approvals | _attestations.rejections);
        // The last candidate: nobody can take their place in this round, and the next would be theirs again.
        if (_clock.weighted && _clock.candidates + 1 == _config.maxCandidates) _miss(silent);
        _dropCandidate(Drop.TimedOut);
        if (_clock.phase == Phase.Mining) _replace(silent);
    }

    /// Others come in the place of the voters in `silent`, where the module has any.
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _replace(uint64 silent) private {
        if (!_clock.weighted) return;
        uint32 round = _clock.round;
        uint64 former = _clock.voters;
        (uint64 voters, uint256[] memory lanes) = _config.consensus.replace(round, silent);
        uint64 gone = former & ~voters;
        if (gone == 0 || gone & ~silent != 0 || voters & ~_clock.snapshot != 0) return;
        _clock.voters = voters;
        _lanes.store(lanes, voters);
        emit VotersReplaced(round, gone, voters, lanes);
        _miss(gone);
    }

    /// The voters in `absent` are dormant, and it is counted against their stake.
    function _miss(uint64 absent) private {
        _membership.dormant |= absent;
        if (address(_stakeVault) == address(0)) return;
        uint32 round = _clock.round;
        for (uint8 i; i < 64; ++i) {
            if (!absent.has(i)) continue;
            // slither-disable-next-line unused-return: all of `absent` are dormant already
            (bool punished,) = _stakeVault.miss(_members[i].owner, round);
            if (punished) _config.consensus.onSlashed(round, i);
        }
    }

    /// The miner's candidate was rejected.
    function _punish(uint8 index) private {
        uint32 round = _clock.round;
        _config.consensus.onSlashed(round, index);
        if (address(_stakeVault) == address(0)) return;
        if (!_stakeVault.punish(_members[index].owner, round, Offence.RejectedCandidate)) {
            _membership.dormant |= MaskLib.bit(index);
        }
    }

    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _expireMining() private {
        uint32 round = _clock.round;
        _config.consensus.onTimeout(round);
        uint8 extensions = _clock.extensions;
        if (extensions == _config.maxExtensions) return _skip();
        _clock.extensions = extensions + 1;
        _reopenMining(round);
    }

    function _reopenMining(uint32 round) private {
        emit MiningReopened(round, _enter(Phase.Mining, _config.miningSeconds));
    }

    /// Give the phase another `length` seconds, if it has an extension left.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _extend(uint40 length) private returns (bool) {
        uint8 extensions = _clock.extensions;
        if (extensions == _config.maxExtensions) return false;
        uint40 deadline = _deadline(length);
        _clock.extensions = extensions + 1;
        _clock.deadline = deadline;
        emit PhaseExtended(_clock.round, _clock.phase, deadline);
        return true;
    }

    /// The pool heads of the snapshot in index order, their updates, and how many more are awaited.
    function _pools() private view returns (bytes memory heads, uint32 updates, uint256 outstanding) {
        uint64 snapshot = _clock.snapshot;
        uint32 round = _clock.round;
        uint256 total = snapshot.count();
        bytes32[] memory list = new bytes32[](total);
        uint256 n = 0;
        for (uint8 i; n < total; ++i) {
            if (!snapshot.has(i)) continue;
            (bytes32 head, uint16 count, uint16 awaited) = IMiner(_members[i].miner).pool(round);
            list[n++] = head;
            updates += count;
            outstanding += awaited;
        }
        heads = abi.encodePacked(list);
    }
}
