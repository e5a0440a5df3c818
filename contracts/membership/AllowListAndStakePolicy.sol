// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {AllowList} from "./AllowList.sol";
import {StakeNeed} from "./StakeNeed.sol";

/// Who is on the requester's list and has staked enough may join (docs/SPECIFICATION.md, A1).
contract AllowListAndStakePolicy is AllowList, StakeNeed {
    /// @inheritdoc IMembershipPolicy
    function configure(bytes calldata parameters) external {
        if (parameters.length != 96) revert PolicyInvalidParameters(parameters);
        (bytes32 root, uint256 miner, uint256 device) = abi.decode(parameters, (bytes32, uint256, uint256));
        if (!_setNeed(miner, device)) revert PolicyInvalidParameters(parameters);
        _setRoot(msg.sender, root);
    }

    /// @inheritdoc IMembershipPolicy
    function check(address account, Role role, bytes calldata evidence) external view {
        if (!_isListed(account, role, evidence) || !_hasStaked(account, role)) {
            revert PolicyRefused(msg.sender, account, role);
        }
    }

    /// @inheritdoc IMembershipPolicy
    function name() external pure returns (string memory) {
        return "allow-list-and-stake";
    }
}
