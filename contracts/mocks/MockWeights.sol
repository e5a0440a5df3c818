// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";

/// A module that says whatever a test had it say of voters and their weights, and lets anybody propose.
contract MockWeights is IConsensus {
    /// A federation told that a miner was slashed.
    event Slashed(address indexed federation, uint32 round, uint8 index);

    uint64 private _voters;
    uint256[] private _lanes;

    /// From now on these vote, with these lanes; zero voters: none.
    function say(uint64 voters, uint256[] calldata lanes) external {
        _voters = voters;
        _lanes = lanes;
    }

    /// @inheritdoc IConsensus
    function configure(bytes calldata) external {}

    /// @inheritdoc IConsensus
    function onFinalized(uint32, uint256) external {}

    /// @inheritdoc IConsensus
    function onTimeout(uint32) external {}

    /// @inheritdoc IConsensus
    function propose(Claim calldata, bytes calldata, uint256[] calldata) external {}

    /// @inheritdoc IConsensus
    function onJoined(uint8) external {}

    /// @inheritdoc IConsensus
    function onSlashed(uint32 round, uint8 index) external {
        emit Slashed(msg.sender, round, index);
    }

    /// @inheritdoc IConsensus
    function open(uint32, uint64, bytes32) external view returns (uint64, uint256[] memory) {
        return (_voters, _lanes);
    }

    /// @inheritdoc IConsensus
    function replace(uint32, uint64) external view returns (uint64, uint256[] memory) {
        return (_voters, _lanes);
    }

    /// @inheritdoc IConsensus
    function weigh(uint64) external pure returns (uint256) {
        return 0;
    }

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata) external pure {}

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "weights";
    }
}
