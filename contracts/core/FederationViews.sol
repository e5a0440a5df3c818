// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederationViews} from "../interfaces/IFederationViews.sol";
import {Cid, Config, Member, Phase, State, Status} from "../interfaces/Types.sol";
import {FederationConfig} from "../libraries/FederationConfig.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {FederationPhases} from "./FederationPhases.sol";

/// What a federation tells. What is left in storage from an earlier round is never shown as this one's.
abstract contract FederationViews is FederationPhases, IFederationViews {
    using FederationConfig for FederationConfig.State;
    using MaskLib for uint64;

    /// @inheritdoc IFederationViews
    function config() external view returns (Config memory) {
        return _config.load();
    }

    /// @inheritdoc IFederationViews
    function requester() external view returns (address) {
        return _requester;
    }

    /// @inheritdoc IFederationViews
    function factory() external view returns (address) {
        return _factory;
    }

    /// @inheritdoc IFederationViews
    function rewardVault() external view returns (address) {
        return address(_rewardVault);
    }

    /// @inheritdoc IFederationViews
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function state() external view returns (State memory s) {
        Phase current = _clock.phase;
        s.status = _clock.status;
        s.phase = current;
        s.round = _clock.round;
        s.openedAt = _ballots.openedAt;
        s.deadline = _clock.deadline;
        s.extensions = _clock.extensions;
        s.candidates = _clock.candidates;
        s.members = _membership.members;
        s.leaving = _membership.leaving;
        s.dormant = _membership.dormant;
        s.snapshot = _clock.snapshot;
        s.voters = _clock.voters;
        s.voted = _ballots.voted;
        s.barred = _ballots.barred;
        s.approvals = _attestations.approvals;
        s.rejections = _attestations.rejections;
        if (current >= Phase.Verification) {
            s.updates = _attestations.updates;
            s.updatesRoot = _updatesRoot;
        }
        if (current >= Phase.Mining) s.ballotsRoot = _ballotsRoot;
        if (current == Phase.Attestation || current == Phase.Finalized) s.candidate = _blocks[_clock.round];
        s.proposer = _clock.proposer;
        s.height = _attestations.height;
        s.head = _head();
        s.model = Cid(_models[_attestations.height & 1], _ballots.modelCodec);
        s.devices = _membership.devices;
        s.joins = _membership.joins;
        s.pausedAt = _ballots.pausedAt;
        s.pausedSeconds = _ballots.pausedSeconds;
        s.closing = _clock.closing;
    }

    /// @inheritdoc IFederationViews
    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function phase(uint32 round) external view returns (Phase) {
        uint32 current = _clock.round;
        if (round == current) return _clock.phase;
        if (round == 0 || round > current) return Phase.Pending;
        return _blocks[round] == 0 ? Phase.Skipped : Phase.Finalized;
    }

    /// @inheritdoc IFederationViews
    function due() external view returns (bool) {
        return _isDue();
    }

    /// @inheritdoc IFederationViews
    function member(uint8 index) external view returns (Member memory) {
        return _members[index];
    }

    /// @inheritdoc IFederationViews
    function minerOf(address device) external view returns (address) {
        return _minerOf[device];
    }

    /// @inheritdoc IFederationViews
    function ballotOf(uint8 index) external view returns (bytes32) {
        return _ballots.voted.has(index) ? _ballotHashes[index] : bytes32(0);
    }

    /// @inheritdoc IFederationViews
    function genesis() external view returns (bytes32) {
        return _blocks[0];
    }

    /// @inheritdoc IFederationViews
    function currentRound() external view returns (uint32) {
        return _clock.round;
    }
}
