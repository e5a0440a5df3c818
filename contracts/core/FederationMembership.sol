// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederationRounds} from "../interfaces/IFederationRounds.sol";
import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {Member, Status} from "../interfaces/Types.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationRounds} from "./FederationRounds.sol";

/// Who joins and leaves (docs/SPECIFICATION.md, M).
abstract contract FederationMembership is FederationRounds, IFederationRounds {
    using MaskLib for uint64;

    /// @inheritdoc IFederationRounds
    function addMiner(address owner, address miner, string calldata endpoint, bytes calldata evidence)
        external
        nonReentrant
        whenOpen
        returns (uint8 index)
    {
        if (msg.sender != _factory) revert FederationOnlyFactory(msg.sender);
        if (_placeOfOwner[owner] != 0) revert FederationAlreadyMiner(owner);
        uint64 members = _membership.members;
        index = members.lowestFree();
        if (index >= _config.maxMiners) revert FederationMinersFull(_config.maxMiners);
        _checkPolicy(owner, IMembershipPolicy.Role.Miner, evidence);
        _membership.members = members | MaskLib.bit(index);
        _members[index] = Member(owner, miner);
        _placeOfOwner[owner] = index + 1;
        _placeOfMiner[miner] = index + 1;
        // So that its first ballot writes no new slot; nobody takes it for a ballot before it voted.
        if (_ballotHashes[index] == 0) _ballotHashes[index] = NOTHING_YET;
        if (address(_stakeVault) != address(0)) _stakeVault.enter(owner, index);
        emit MinerJoined(index, owner, miner, endpoint);
        _config.consensus.onJoined(index);
    }

    /// @inheritdoc IFederationRounds
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function leave() external nonReentrant whenOpen {
        uint8 index = _requireOwner();
        uint64 bit = MaskLib.bit(index);
        uint64 leaving = _membership.leaving;
        if (leaving & bit != 0) revert FederationNotInSnapshot(msg.sender, _clock.round);
        _membership.leaving = leaving | bit;
        emit MinerLeaving(index);
        if (_clock.status == Status.Waiting) _removeLeaving();
    }

    /// @inheritdoc IFederationRounds
    function checkIn() external nonReentrant whenOpen {
        uint8 index = _requireOwner();
        if (address(_stakeVault) != address(0)) _stakeVault.requireSufficient(msg.sender);
        _wake(index);
    }

    /// @inheritdoc IFederationRounds
    function bindDevice(address device, bytes calldata evidence)
        external
        nonReentrant
        whenOpen
        returns (uint32 fromRound)
    {
        uint8 place = _placeOfMiner[msg.sender];
        if (place == 0 || _membership.leaving.has(place - 1)) revert FederationOnlyMiner(msg.sender);
        address former = _minerOf[device];
        if (former == address(0)) {
            (uint16 devices, uint16 joins) = (_membership.devices, _membership.joins);
            if (joins >= _config.maxJoins) revert FederationTooManyJoins(_config.maxJoins);
            if (devices >= _config.maxDevices) revert FederationDevicesFull(_config.maxDevices);
            _checkPolicy(device, IMembershipPolicy.Role.Device, evidence);
            (_membership.devices, _membership.joins) = (devices + 1, joins + 1);
        }
        _minerOf[device] = msg.sender;
        fromRound = _clock.round + 1;
        if (former != address(0) && former != msg.sender) {
            _countUnbound();
            emit DeviceUnbound(device, former);
            IMiner(former).release(device);
        }
        // A device of the calling miner is refused there.
        emit DeviceBound(device, msg.sender, fromRound);
    }

    /// @inheritdoc IFederationRounds
    function unbindDevice(address device) external nonReentrant whenOpen {
        if (_minerOf[device] != msg.sender) revert FederationOnlyMiner(msg.sender);
        delete _minerOf[device];
        _membership.devices -= 1;
        _countUnbound();
        // Who comes and goes takes no place from others: joins are counted net.
        if (_membership.joins != 0) _membership.joins -= 1;
        emit DeviceUnbound(device, msg.sender);
    }

    function _checkPolicy(address account, IMembershipPolicy.Role role, bytes calldata evidence)
        private
        view
    {
        if (address(_config.policy) != address(0)) _config.policy.check(account, role, evidence);
    }
}
