// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {Member, Phase, Status} from "../interfaces/Types.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationStorage} from "./FederationStorage.sol";

/// How rounds open and end (docs/SPECIFICATION.md, P1 and P6).
abstract contract FederationRounds is FederationStorage {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// Open the next round if its miners and devices are there.
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _tryOpen() internal returns (bool) {
        uint64 snapshot = _eligible();
        if (snapshot == 0) return false;
        uint32 round = _clock.round + 1;
        _changeConsensus(round);
        (uint64 voters, uint256[] memory lanes) = _config.consensus.open(round, snapshot, _head());
        if (voters == 0 || voters & ~snapshot != 0) return false;
        uint40 deadline = _deadline(_config.trainingSeconds);
        _clock.status = Status.Running;
        _clock.phase = Phase.Training;
        _clock.extensions = 0;
        _clock.candidates = 0;
        _clock.proposer = 0;
        _clock.round = round;
        _clock.deadline = deadline;
        _clock.snapshot = snapshot;
        _clock.voters = voters;
        _clock.weighted = lanes.length != 0;
        if (lanes.length != 0) _lanes.store(lanes, voters);
        _membership.joins = 0;
        _membership.unbound = 0;
        _ballots.voted = 0;
        _ballots.barred = 0;
        _ballots.openedAt = uint40(block.timestamp);
        _attestations.approvals = 0;
        _attestations.rejections = 0;
        emit RoundOpened(round, snapshot, voters, lanes, deadline);
        return true;
    }

    /// The round ends without a block.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _skip() internal {
        Phase phase = _clock.phase;
        uint32 round = _clock.round;
        _clock.phase = Phase.Skipped;
        // Nothing of an earlier round may seem to be this one's.
        if (phase == Phase.Training) {
            _attestations.updates = 0;
            _updatesRoot = 0;
        }
        if (phase == Phase.Training || phase == Phase.Verification) _ballotsRoot = 0;
        else delete _blocks[round];
        emit RoundSkipped(round, phase);
        _endRound();
    }

    /// The round is over: close, or open the next one, or wait until that is possible.
    // slither-disable-next-line reentrancy-no-eth: guarded by the entry's `nonReentrant`
    function _endRound() internal {
        _letGo();
        _removeLeaving();
        if (_clock.closing || _clock.round == _config.rounds) _close();
        else if (!_tryOpen()) _clock.status = Status.Waiting;
    }

    /// No round follows.
    function _close() internal {
        _clock.status = Status.Closed;
        emit FederationClosed(_clock.round, _attestations.height, _head());
        if (address(_rewardVault) != address(0)) _rewardVault.onClosed();
    }

    /// The next round's snapshot; zero when it cannot open.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _eligible() internal view returns (uint64 snapshot) {
        snapshot = _membership.members & ~_membership.leaving & ~_membership.dormant;
        if (snapshot.count() < _config.minMiners) return 0;
        if (_clock.round == 0 && address(_rewardVault) != address(0) && !_rewardVault.isFunded()) return 0;
        uint256 minDevices = _config.minDevices;
        // Who submitted in the last round counts, unless it left its miner since, or its miner is out: often that is
        // enough, and no miner need be asked.
        uint8 unbound = _membership.unbound;
        bool known = unbound != type(uint8).max && _clock.snapshot & ~snapshot == 0;
        if (known && _attestations.updates >= minDevices + unbound) return snapshot;
        uint32 round = _clock.round + 1;
        uint256 devices = 0;
        for (uint8 i; i < 64; ++i) {
            if (!snapshot.has(i)) continue;
            // slither-disable-next-line unused-return: one of the three is needed
            (,, uint16 counting) = IMiner(_members[i].miner).pool(round);
            devices += counting;
            if (devices >= minDevices) return snapshot;
        }
        return 0;
    }

    /// Whom the governor expelled a round ago leaves now.
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _letGo() private {
        if (!_membership.expelled) return;
        (uint64 going, uint64 later) = (_expelled.now_, _expelled.later);
        (_expelled.now_, _expelled.later) = (later, 0);
        _membership.expelled = later != 0;
        going &= ~_membership.leaving;
        _membership.leaving |= going;
        for (uint8 i; going != 0; ++i) {
            if (!going.has(i)) continue;
            going &= ~MaskLib.bit(i);
            emit MinerLeaving(i);
        }
    }

    /// Free the places of the miners that leave. No round is open.
    // slither-disable-next-line incorrect-equality,reentrancy-no-eth: no time; the entry is `nonReentrant`
    function _removeLeaving() internal {
        uint64 leaving = _membership.leaving;
        if (leaving == 0) return;
        _membership.members &= ~leaving;
        _membership.dormant &= ~leaving;
        _membership.leaving = 0;
        _membership.unbound = type(uint8).max;
        if (_membership.expelled) {
            _expelled.now_ &= ~leaving;
            _expelled.later &= ~leaving;
        }
        for (uint8 i; i < 64; ++i) {
            if (!leaving.has(i)) continue;
            Member memory member = _members[i];
            delete _placeOfOwner[member.owner];
            delete _placeOfMiner[member.miner];
            delete _members[i];
            IMiner(member.miner).retire();
            if (address(_stakeVault) != address(0)) _stakeVault.exit(member.owner);
        }
    }

    /// The module that was announced for `round` takes over, if it still can.
    function _changeConsensus(uint32 round) private {
        if (!_membership.announced || round < _announced.fromRound) return;
        IConsensus module = _announced.consensus;
        bytes memory parameters = _announced.parameters;
        delete _announced;
        _membership.announced = false;
        try module.configure(parameters) {
            _config.consensus = module;
            _config.consensusParameters = parameters;
            emit ConsensusChanged(round, address(module));
        } catch {
            emit ConsensusChangeFailed(round, address(module));
        }
    }

    function _deadline(uint40 length) internal view returns (uint40) {
        return uint40(block.timestamp) + length;
    }
}
