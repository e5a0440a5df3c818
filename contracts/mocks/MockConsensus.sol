// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";

/// A module that lets anybody propose, tells what it was told, and can call back.
contract MockConsensus is IConsensus {
    /// The federation refused the call back.
    error CalledBack(bytes reason);

    /// The module takes nobody in.
    error Refused();

    /// A federation finalised a block.
    event Finalized(address indexed federation, uint32 round, uint256 elapsed);
    /// Mining of a federation timed out.
    event TimedOut(address indexed federation, uint32 round);

    bytes private _callback;
    bool private _refuses;

    /// From now on call the federation back with `callback` whenever it tells something.
    function setCallback(bytes calldata callback) external {
        _callback = callback;
    }

    /// From now on refuse to be configured, or not.
    function setRefuses(bool refuses) external {
        _refuses = refuses;
    }

    /// @inheritdoc IConsensus
    function configure(bytes calldata parameters) external {
        if (_refuses) revert Refused();
        emit ConsensusConfigured(msg.sender, parameters);
    }

    /// @inheritdoc IConsensus
    function onFinalized(uint32 round, uint256 elapsed) external {
        emit Finalized(msg.sender, round, elapsed);
        _callBack();
    }

    /// @inheritdoc IConsensus
    function onTimeout(uint32 round) external {
        emit TimedOut(msg.sender, round);
        _callBack();
    }

    /// @inheritdoc IConsensus
    function propose(Claim calldata, bytes calldata, uint256[] calldata) external {}

    /// @inheritdoc IConsensus
    function onJoined(uint8) external {}

    /// @inheritdoc IConsensus
    function onSlashed(uint32, uint8) external {}

    /// @inheritdoc IConsensus
    function open(uint32, uint64 snapshot, bytes32) external pure returns (uint64, uint256[] memory) {
        return (snapshot, new uint256[](0));
    }

    /// @inheritdoc IConsensus
    function replace(uint32, uint64) external pure returns (uint64, uint256[] memory) {}

    /// @inheritdoc IConsensus
    function weigh(uint64) external pure returns (uint256) {
        return 1;
    }

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata) external pure {}

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "mock";
    }

    function _callBack() private {
        if (_callback.length == 0) return;
        (bool ok, bytes memory reason) = msg.sender.call(_callback);
        if (!ok) revert CalledBack(reason);
    }
}
