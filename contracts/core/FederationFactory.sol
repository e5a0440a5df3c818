// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {IFederation} from "../interfaces/IFederation.sol";
import {IFederationFactory} from "../interfaces/IFederationFactory.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Config, RewardTerms, StakeTerms} from "../interfaces/Types.sol";

/// The one contract of a deployment that everything else is found from.
contract FederationFactory is IFederationFactory {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// What federations are clones of.
    address public immutable federationImplementation;
    /// What miners are clones of.
    address public immutable minerImplementation;
    /// What the vaults of stakes are clones of.
    address public immutable stakeVaultImplementation;
    /// What the vaults of rewards are clones of.
    address public immutable rewardVaultImplementation;

    EnumerableSet.AddressSet private _federations;

    constructor(
        address federationImplementation_,
        address minerImplementation_,
        address stakeVaultImplementation_,
        address rewardVaultImplementation_
    ) {
        federationImplementation = federationImplementation_;
        minerImplementation = minerImplementation_;
        stakeVaultImplementation = stakeVaultImplementation_;
        rewardVaultImplementation = rewardVaultImplementation_;
    }

    /// @inheritdoc IFederationFactory
    function createFederation(Config calldata config, StakeTerms calldata stake, RewardTerms calldata rewards)
        external
        returns (address federation)
    {
        federation = Clones.clone(federationImplementation);
        // slither-disable-next-line unused-return: a clone that was just made is in no set
        _federations.add(federation);
        emit FederationCreated(federation, msg.sender, config.manifest.digest, config.manifest.codec);
        address stakeVault = address(0);
        if (_isStaked(stake)) {
            stakeVault = Clones.clone(stakeVaultImplementation);
            IStakeVault(stakeVault).initialize(federation, stake, _longestRound(config));
        }
        address rewardVault = address(0);
        if (_isPaid(rewards)) {
            rewardVault = Clones.clone(rewardVaultImplementation);
            IRewardVault(rewardVault).initialize(federation, rewards, config.rounds, config.maxMiners);
        }
        IFederation(federation).initialize(msg.sender, config, stakeVault, rewardVault);
    }

    /// @inheritdoc IFederationFactory
    function createMiner(address federation, string calldata endpoint, bytes calldata evidence)
        external
        returns (address miner)
    {
        if (!_federations.contains(federation)) revert FactoryUnknownFederation(federation);
        miner = Clones.clone(minerImplementation);
        uint8 index = IFederation(federation).addMiner(msg.sender, miner, endpoint, evidence);
        IMiner(miner).initialize(federation, msg.sender, index, endpoint);
        emit MinerCreated(federation, msg.sender, miner);
    }

    /// @inheritdoc IFederationFactory
    function federationCount() external view returns (uint256) {
        return _federations.length();
    }

    /// @inheritdoc IFederationFactory
    function federationAt(uint256 index) external view returns (address) {
        uint256 length = _federations.length();
        if (index >= length) revert FactoryIndexOutOfRange(index, length);
        return _federations.at(index);
    }

    /// @inheritdoc IFederationFactory
    function isFederation(address federation) external view returns (bool) {
        return _federations.contains(federation);
    }

    /// @inheritdoc IFederationFactory
    function version() external pure returns (string memory) {
        return "1";
    }

    /// How long a round can last at most, in seconds (S5).
    function _longestRound(Config calldata config) private pure returns (uint40) {
        uint256 phases = uint256(config.trainingSeconds) + config.verificationSeconds + config.miningSeconds;
        uint256 candidates = uint256(config.miningSeconds) + config.attestationSeconds;
        uint256 longest = (uint256(config.maxExtensions) + 1) * phases + config.maxCandidates * candidates
            + config.maxPauseSeconds;
        // forge-lint: disable-next-line(unsafe-typecast): the bounds of the configuration are far below
        return uint40(longest);
    }

    function _isStaked(StakeTerms calldata terms) private pure returns (bool) {
        return keccak256(abi.encode(terms)) != keccak256(new bytes(9 * 32));
    }

    function _isPaid(RewardTerms calldata terms) private pure returns (bool) {
        return keccak256(abi.encode(terms)) != keccak256(new bytes(7 * 32));
    }
}
