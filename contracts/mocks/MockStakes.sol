// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// As much of a federation with a stake vault, both in one, as the proof of stake and the policies ask for.
contract MockStakes {
    /// The federation's vault; zero at first.
    address public stakeVault;
    /// The bonded stake of an account.
    mapping(address account => uint256) public stakeOf;
    uint256[4] private _lanes;

    /// From now on the federation has this vault.
    function setStakeVault(address stakeVault_) external {
        stakeVault = stakeVault_;
    }

    /// From now on the account has staked this much.
    function setStake(address account, uint256 amount) external {
        stakeOf[account] = amount;
    }

    /// From now on the miners' stakes weigh this.
    function setLanes(uint256[4] calldata lanes_) external {
        _lanes = lanes_;
    }

    /// What the miners' stakes weigh.
    function lanes() external view returns (uint256[4] memory) {
        return _lanes;
    }
}
