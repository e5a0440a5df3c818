// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederationRounds} from "../interfaces/IFederationRounds.sol";
import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";

/// For policies that let in who has staked enough (docs/SPECIFICATION.md, A1).
abstract contract StakeNeed is IMembershipPolicy {
    /// What one federation asks for.
    struct Need {
        IStakeVault vault;
        uint256 miner;
        uint256 device;
    }

    /// What each federation asks for.
    mapping(address federation => Need) public needOf;

    /// The calling federation asks for this; whether it has a vault of stakes.
    function _setNeed(uint256 miner, uint256 device) internal returns (bool) {
        address vault = IFederationRounds(msg.sender).stakeVault();
        needOf[msg.sender] = Need(IStakeVault(vault), miner, device);
        return vault != address(0);
    }

    /// Whether the account has staked with the calling federation what this role needs.
    function _hasStaked(address account, Role role) internal view returns (bool) {
        Need storage need = needOf[msg.sender];
        return need.vault.stakeOf(account) >= (role == Role.Miner ? need.miner : need.device);
    }
}
