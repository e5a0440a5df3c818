// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederation} from "../interfaces/IFederation.sol";
import {Phase, Status} from "../interfaces/Types.sol";
import {FederationRounds} from "./FederationRounds.sol";

/// What the requester may do to a running federation (docs/SPECIFICATION.md, P9 and P10).
abstract contract FederationControl is FederationRounds {
    /// @inheritdoc IFederation
    function pause() external nonReentrant whenOpen {
        _requireRequester();
        if (_ballots.pausedSeconds >= _config.maxPauseSeconds) {
            revert FederationPauseExhausted(_config.maxPauseSeconds);
        }
        _clock.status = Status.Paused;
        _ballots.pausedAt = uint40(block.timestamp);
        emit FederationPaused(uint40(block.timestamp));
    }

    /// @inheritdoc IFederation
    function unpause() external nonReentrant {
        Status status = _clock.status;
        if (status != Status.Paused) revert FederationUnexpectedStatus(status);
        uint32 used = _ballots.pausedSeconds;
        uint32 length = _config.maxPauseSeconds - used;
        uint256 away = block.timestamp - _ballots.pausedAt;
        if (away < length) {
            _requireRequester();
            // forge-lint: disable-next-line(unsafe-typecast): less than the former value
            length = uint32(away);
        }
        Phase phase = _clock.phase;
        bool running = phase >= Phase.Training && phase <= Phase.Attestation;
        uint40 deadline = _clock.deadline + length;
        _clock.status = running ? Status.Running : Status.Waiting;
        _clock.deadline = deadline;
        _ballots.openedAt += length;
        _ballots.pausedAt = 0;
        _ballots.pausedSeconds = used + length;
        emit FederationUnpaused(uint40(block.timestamp), deadline);
    }

    /// @inheritdoc IFederation
    function close() external nonReentrant whenOpen {
        _requireRequester();
        if (_clock.closing) revert FederationUnexpectedStatus(_clock.status);
        _clock.closing = true;
        emit FederationClosing(_clock.round);
        if (_clock.status == Status.Waiting) _close();
    }
}
