// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {IFederationControl} from "../interfaces/IFederationControl.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Config} from "../interfaces/Types.sol";
import {FederationConfig} from "../libraries/FederationConfig.sol";
import {HeaderLib} from "../libraries/HeaderLib.sol";
import {FederationControl} from "./FederationControl.sol";
import {FederationViews} from "./FederationViews.sol";

/// The part of a federation that no round needs: creation, governance and views. `Federation` calls it in its own
/// storage; on its own it does nothing.
contract FederationExtension is FederationControl, FederationViews, Initializable {
    using FederationConfig for FederationConfig.State;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IFederationControl
    function initialize(
        address requester_,
        Config calldata config_,
        address stakeVault_,
        address rewardVault_
    ) external initializer {
        FederationConfig.check(config_);
        _config.store(config_);
        _requester = requester_;
        _factory = msg.sender;
        _stakeVault = IStakeVault(stakeVault_);
        _rewardVault = IRewardVault(rewardVault_);
        _grantRole(DEFAULT_ADMIN_ROLE, requester_);
        _grantRole(PAUSER, requester_);
        _grantRole(GOVERNOR, requester_);
        _models[0] = config_.model.digest;
        (_models[1], _updatesRoot, _ballotsRoot) = (NOTHING_YET, NOTHING_YET, NOTHING_YET);
        _ballots.modelCodec = config_.model.codec;
        _blocks[0] = HeaderLib.genesis(address(this), config_.manifest, config_.model);
        config_.consensus.validate(address(this), config_.consensusParameters);
        config_.consensus.configure(config_.consensusParameters);
        if (address(config_.policy) != address(0)) config_.policy.configure(config_.policyParameters);
    }
}
