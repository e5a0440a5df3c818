// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "./Vm.sol";

/// What the tests do with a token.
interface IMintable {
    /// Make `amount` for `to`.
    function mint(address to, uint256 amount) external;

    /// Let `spender` take up to `amount`.
    function approve(address spender, uint256 amount) external returns (bool);

    /// What `account` has.
    function balanceOf(address account) external view returns (uint256);
}

// Let `account` have `amount` more of the money, and `vault` take it; the ether to send along.
function give(address token, address account, address vault, uint256 amount) returns (uint256 value) {
    if (token == address(0)) {
        vm.deal(account, account.balance + amount);
        return amount;
    }
    IMintable(token).mint(account, amount);
    vm.prank(account);
    IMintable(token).approve(vault, type(uint256).max);
}

// What `account` has of the money.
function wealth(address token, address account) view returns (uint256) {
    return token == address(0) ? account.balance : IMintable(token).balanceOf(account);
}
