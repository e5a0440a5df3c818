// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// What policies see of a vault of stakes: as much as somebody sets.
contract MockStakes {
    /// The bonded stake of an account.
    mapping(address account => uint256) public stakeOf;

    /// From now on the account has staked this much.
    function setStake(address account, uint256 amount) external {
        stakeOf[account] = amount;
    }
}
