// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {IFederation} from "../interfaces/IFederation.sol";
import {IFederationFactory} from "../interfaces/IFederationFactory.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {Config} from "../interfaces/Types.sol";

/// The one contract of a deployment that everything else is found from.
contract FederationFactory is IFederationFactory {
    using EnumerableSet for EnumerableSet.AddressSet;

    /// What federations are clones of.
    address public immutable federationImplementation;
    /// What miners are clones of.
    address public immutable minerImplementation;

    EnumerableSet.AddressSet private _federations;

    constructor(address federationImplementation_, address minerImplementation_) {
        federationImplementation = federationImplementation_;
        minerImplementation = minerImplementation_;
    }

    /// @inheritdoc IFederationFactory
    function createFederation(Config calldata config) external returns (address federation) {
        federation = Clones.clone(federationImplementation);
        _federations.add(federation);
        emit FederationCreated(federation, msg.sender, config.manifest.digest, config.manifest.codec);
        IFederation(federation).initialize(msg.sender, config);
    }

    /// @inheritdoc IFederationFactory
    function createMiner(address federation, string calldata endpoint) external returns (address miner) {
        if (!_federations.contains(federation)) revert FactoryUnknownFederation(federation);
        miner = Clones.clone(minerImplementation);
        uint8 index = IFederation(federation).addMiner(msg.sender, miner, endpoint);
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
}
