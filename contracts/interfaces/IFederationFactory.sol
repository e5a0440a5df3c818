// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Config, RewardTerms, StakeTerms} from "./Types.sol";

/// Creates federations and their miners as EIP-1167 clones; the registry that a dashboard starts from.
interface IFederationFactory {
    /// The address is no federation of this factory.
    error FactoryUnknownFederation(address federation);
    /// There is no federation at this position.
    error FactoryIndexOutOfRange(uint256 index, uint256 length);

    /// A federation was created.
    event FederationCreated(
        address indexed federation, address indexed requester, bytes32 manifestDigest, uint8 manifestCodec
    );
    /// A miner contract was created.
    event MinerCreated(address indexed federation, address indexed owner, address miner);

    /// The protocol version that its clones speak.
    function version() external pure returns (string memory);

    /// How many federations there are.
    function federationCount() external view returns (uint256);

    /// The federation at position `index`, in order of creation.
    function federationAt(uint256 index) external view returns (address);

    /// Whether `federation` was created here.
    function isFederation(address federation) external view returns (bool);

    /// Create a federation; the caller is its requester. Terms that are all zero: nothing is staked, or paid.
    function createFederation(Config calldata config, StakeTerms calldata stake, RewardTerms calldata rewards)
        external
        returns (address federation);

    /// Join `federation` as a miner with the caller as owner. `evidence` is for the federation's policy.
    function createMiner(address federation, string calldata endpoint, bytes calldata evidence)
        external
        returns (address miner);
}
