// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederationControl} from "../interfaces/IFederationControl.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {Phase, Status} from "../interfaces/Types.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationRounds} from "./FederationRounds.sol";

/// What the requester, and those to whom it grants a role, may do to a federation (docs/SPECIFICATION.md, P9, P10,
/// K10 and A).
abstract contract FederationControl is FederationRounds, AccessControl, IFederationControl {
    using MaskLib for uint64;

    /// May pause and unpause.
    bytes32 public constant PAUSER = keccak256("PAUSER");
    /// May change the consensus module, expel miners and close the federation.
    bytes32 public constant GOVERNOR = keccak256("GOVERNOR");

    /// @inheritdoc IFederationControl
    function pause() external nonReentrant whenOpen {
        _checkRole(PAUSER);
        if (_ballots.pausedSeconds >= _config.maxPauseSeconds) {
            revert FederationPauseExhausted(_config.maxPauseSeconds);
        }
        _clock.status = Status.Paused;
        _ballots.pausedAt = uint40(block.timestamp);
        emit FederationPaused(uint40(block.timestamp));
        if (_clock.phase == Phase.Training) _suspend(_clock.snapshot);
    }

    /// @inheritdoc IFederationControl
    function unpause() external nonReentrant {
        Status status = _clock.status;
        if (status != Status.Paused) revert FederationUnexpectedStatus(status);
        uint32 used = _ballots.pausedSeconds;
        uint32 length = _config.maxPauseSeconds - used;
        uint256 away = block.timestamp - _ballots.pausedAt;
        if (away < length) {
            _checkRole(PAUSER);
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

    /// @inheritdoc IFederationControl
    function close() external nonReentrant whenOpen {
        _checkRole(GOVERNOR);
        if (_clock.closing) revert FederationUnexpectedStatus(_clock.status);
        _clock.closing = true;
        emit FederationClosing(_clock.round);
        if (_clock.status == Status.Waiting) _close();
    }

    /// @inheritdoc IFederationControl
    function changeConsensus(IConsensus module, bytes calldata parameters) external nonReentrant whenOpen {
        _checkRole(GOVERNOR);
        if (address(module).code.length == 0) revert FederationInvalidConfig(2, uint160(address(module)));
        module.validate(address(this), parameters);
        uint32 fromRound = _clock.round + 2;
        _announced = Announced(module, fromRound, parameters);
        _membership.announced = true;
        emit ConsensusChangeAnnounced(address(module), parameters, fromRound);
    }

    /// @inheritdoc IFederationControl
    function expel(uint8 index) external nonReentrant whenOpen {
        _checkRole(GOVERNOR);
        uint64 gone = _membership.leaving | _expelled.now_ | _expelled.later;
        if (index >= 64 || !(_membership.members & ~gone).has(index)) revert FederationNoMiner(index);
        if (_clock.status == Status.Waiting) _expelled.now_ |= MaskLib.bit(index);
        else _expelled.later |= MaskLib.bit(index);
        _membership.expelled = true;
        emit MinerExpelled(index);
    }

    /// The miners in `snapshot` take no update without asking.
    function _suspend(uint64 snapshot) private {
        for (uint8 i; snapshot >> i != 0; ++i) {
            if (snapshot.has(i)) IMiner(_members[i].miner).suspend();
        }
    }
}
