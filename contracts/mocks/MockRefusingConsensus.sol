// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";

/// A module that promises to take a federation in, and then refuses.
contract MockRefusingConsensus is IConsensus {
    /// @inheritdoc IConsensus
    function configure(bytes calldata parameters) external pure {
        revert ConsensusInvalidParameters(parameters);
    }

    /// @inheritdoc IConsensus
    function onFinalized(uint32, uint256) external pure {}

    /// @inheritdoc IConsensus
    function onTimeout(uint32) external pure {}

    /// @inheritdoc IConsensus
    function propose(Claim calldata, bytes calldata, uint256[] calldata) external pure {}

    /// @inheritdoc IConsensus
    function onJoined(uint8) external pure {}

    /// @inheritdoc IConsensus
    function onSlashed(uint32, uint8) external pure {}

    /// @inheritdoc IConsensus
    function open(uint32, uint64, bytes32) external pure returns (uint64, uint256[] memory) {}

    /// @inheritdoc IConsensus
    function replace(uint32, uint64) external pure returns (uint64, uint256[] memory) {}

    /// @inheritdoc IConsensus
    function weigh(uint64) external pure returns (uint256) {}

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata) external pure {}

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "refusing";
    }
}
