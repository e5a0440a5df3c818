// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {AllowList} from "./AllowList.sol";

/// Who is on the requester's list may join (docs/SPECIFICATION.md, A1).
contract AllowListPolicy is AllowList {
    /// @inheritdoc IMembershipPolicy
    function configure(bytes calldata parameters) external {
        if (parameters.length != 32) revert PolicyInvalidParameters(parameters);
        _setRoot(msg.sender, abi.decode(parameters, (bytes32)));
    }

    /// @inheritdoc IMembershipPolicy
    function check(address account, Role role, bytes calldata evidence) external view {
        if (!_isListed(account, role, evidence)) revert PolicyRefused(msg.sender, account, role);
    }

    /// @inheritdoc IMembershipPolicy
    function name() external pure returns (string memory) {
        return "allow-list";
    }
}
