// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMiner} from "../interfaces/IMiner.sol";
import {Phase, Status} from "../interfaces/Types.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationMembership} from "./FederationMembership.sol";

/// How rounds open and end (docs/SPECIFICATION.md, P1 and P6).
abstract contract FederationRounds is FederationMembership {
    using MaskLib for uint64;

    /// Open the next round if its miners and devices are there.
    function _tryOpen() internal returns (bool) {
        uint64 snapshot = _eligible();
        if (snapshot == 0) return false;
        uint32 round = _clock.round + 1;
        uint40 deadline = _deadline(_config.trainingSeconds);
        _clock.status = Status.Running;
        _clock.phase = Phase.Training;
        _clock.extensions = 0;
        _clock.candidates = 0;
        _clock.proposer = 0;
        _clock.round = round;
        _clock.deadline = deadline;
        _clock.snapshot = snapshot;
        _membership.joins = 0;
        _ballots.voted = 0;
        _ballots.barred = 0;
        _ballots.openedAt = uint40(block.timestamp);
        _attestations.approvals = 0;
        _attestations.rejections = 0;
        emit RoundOpened(round, snapshot, deadline);
        return true;
    }

    /// The round ends without a block.
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
    function _endRound() internal {
        _removeLeaving();
        if (_clock.closing || _clock.round == _config.rounds) _close();
        else if (!_tryOpen()) _clock.status = Status.Waiting;
    }

    /// No round follows.
    function _close() internal {
        _clock.status = Status.Closed;
        emit FederationClosed(_clock.round, _attestations.height, _head());
    }

    /// The next round's snapshot; zero when it cannot open.
    function _eligible() internal view returns (uint64 snapshot) {
        snapshot = _membership.members & ~_membership.leaving & ~_membership.dormant;
        if (snapshot.count() < _config.minMiners) return 0;
        uint256 minDevices = _config.minDevices;
        uint32 round = _clock.round + 1;
        uint256 devices = 0;
        for (uint8 i; i < 64; ++i) {
            if (!snapshot.has(i)) continue;
            (,, uint16 counting) = IMiner(_members[i].miner).pool(round);
            devices += counting;
            if (devices >= minDevices) return snapshot;
        }
        return 0;
    }

    function _deadline(uint40 length) internal view returns (uint40) {
        return uint40(block.timestamp) + length;
    }
}
