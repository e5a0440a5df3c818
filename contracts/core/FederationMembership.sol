// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederation} from "../interfaces/IFederation.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {Member, Status} from "../interfaces/Types.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationStorage} from "./FederationStorage.sol";

/// Who joins and leaves (docs/SPECIFICATION.md, M).
abstract contract FederationMembership is FederationStorage {
    using MaskLib for uint64;

    /// @inheritdoc IFederation
    function addMiner(address owner, address miner, string calldata endpoint)
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
        _membership.members = members | MaskLib.bit(index);
        _members[index] = Member(owner, miner);
        _placeOfOwner[owner] = index + 1;
        _placeOfMiner[miner] = index + 1;
        emit MinerJoined(index, owner, miner, endpoint);
    }

    /// @inheritdoc IFederation
    function leave() external nonReentrant whenOpen {
        uint8 index = _requireOwner();
        uint64 bit = MaskLib.bit(index);
        uint64 leaving = _membership.leaving;
        if (leaving & bit != 0) revert FederationNotInSnapshot(msg.sender, _clock.round);
        _membership.leaving = leaving | bit;
        emit MinerLeaving(index);
        if (_clock.status == Status.Waiting) _removeLeaving();
    }

    /// @inheritdoc IFederation
    function checkIn() external nonReentrant whenOpen {
        _wake(_requireOwner());
    }

    /// @inheritdoc IFederation
    function bindDevice(address device) external nonReentrant whenOpen returns (uint32 fromRound) {
        uint8 place = _placeOfMiner[msg.sender];
        if (place == 0 || _membership.leaving.has(place - 1)) revert FederationOnlyMiner(msg.sender);
        address former = _minerOf[device];
        if (former == address(0)) {
            (uint16 devices, uint16 joins) = (_membership.devices, _membership.joins);
            if (joins >= _config.maxJoins) revert FederationTooManyJoins(_config.maxJoins);
            if (devices >= _config.maxDevices) revert FederationDevicesFull(_config.maxDevices);
            (_membership.devices, _membership.joins) = (devices + 1, joins + 1);
        }
        _minerOf[device] = msg.sender;
        fromRound = _clock.round + 1;
        if (former != address(0) && former != msg.sender) {
            emit DeviceUnbound(device, former);
            IMiner(former).release(device);
        }
        // A device of the calling miner is refused there.
        emit DeviceBound(device, msg.sender, fromRound);
    }

    /// @inheritdoc IFederation
    function unbindDevice(address device) external nonReentrant whenOpen {
        if (_minerOf[device] != msg.sender) revert FederationOnlyMiner(msg.sender);
        delete _minerOf[device];
        _membership.devices -= 1;
        // Who comes and goes takes no place from others: joins are counted net.
        if (_membership.joins != 0) _membership.joins -= 1;
        emit DeviceUnbound(device, msg.sender);
    }

    /// Free the places of the miners that leave. No round is open.
    function _removeLeaving() internal {
        uint64 leaving = _membership.leaving;
        if (leaving == 0) return;
        _membership.members &= ~leaving;
        _membership.dormant &= ~leaving;
        _membership.leaving = 0;
        for (uint8 i; i < 64; ++i) {
            if (!leaving.has(i)) continue;
            Member memory member = _members[i];
            delete _placeOfOwner[member.owner];
            delete _placeOfMiner[member.miner];
            delete _members[i];
            IMiner(member.miner).retire();
        }
    }
}
