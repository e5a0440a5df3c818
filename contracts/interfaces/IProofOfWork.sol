// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "./IConsensus.sol";

/// Keccak puzzle: `keccak256(seed ‖ nonce) ≤ (2^256 − 1) / difficulty`, with parameters `abi.encode(uint64 difficulty, uint32 targetSeconds)`
/// and proof `abi.encode(uint256 nonce)`.
interface IProofOfWork is IConsensus {
    /// The difficulty of `federation` changed.
    event DifficultyChanged(address indexed federation, uint32 indexed round, uint64 difficulty);

    /// Expected hashes until a nonce is found.
    function difficulty(address federation) external view returns (uint64);

    /// `keccak256(abi.encode(chainid, federation, claim.round, claim.parent, claim.updatesRoot, claim.ballotsRoot, claim.miner))`.
    function seed(address federation, Claim calldata claim) external view returns (bytes32);
}
