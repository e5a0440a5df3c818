// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederationRounds} from "../interfaces/IFederationRounds.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {ScheduledConsensus} from "./ScheduledConsensus.sol";

/// A miner's word weighs what it has at stake when the round opens (docs/SPECIFICATION.md, K7).
contract ProofOfStake is ScheduledConsensus {
    using LaneLib for uint256[4];

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "pos";
    }

    /// @inheritdoc IConsensus
    function validate(address federation, bytes calldata parameters) public view override {
        if (parameters.length != 0 || IFederationRounds(federation).stakeVault() == address(0)) {
            revert ConsensusInvalidParameters(parameters);
        }
    }

    function _open(Schedule storage self, uint64 snapshot) internal override returns (uint64 voters) {
        self.lanes.merge(IStakeVault(IFederationRounds(msg.sender).stakeVault()).lanes(), snapshot);
        return snapshot;
    }

    function _fits(Schedule storage, uint256[] calldata next) internal pure override returns (bool) {
        return next.length == 0;
    }

    function _standing(address, Schedule storage self) internal view override returns (uint64) {
        return self.voters;
    }
}
