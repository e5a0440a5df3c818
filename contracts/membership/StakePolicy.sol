// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {StakeNeed} from "./StakeNeed.sol";

/// Who has staked enough may join (docs/SPECIFICATION.md, A1).
contract StakePolicy is StakeNeed {
    /// @inheritdoc IMembershipPolicy
    function configure(bytes calldata parameters) external {
        if (parameters.length != 64) revert PolicyInvalidParameters(parameters);
        (uint256 miner, uint256 device) = abi.decode(parameters, (uint256, uint256));
        if (!_setNeed(miner, device)) revert PolicyInvalidParameters(parameters);
    }

    /// @inheritdoc IMembershipPolicy
    function check(address account, Role role, bytes calldata) external view {
        if (!_hasStaked(account, role)) revert PolicyRefused(msg.sender, account, role);
    }

    /// @inheritdoc IMembershipPolicy
    function name() external pure returns (string memory) {
        return "stake";
    }
}
