// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// Ether, where the token is the zero address, or an ERC-20.
library MoneyLib {
    using SafeERC20 for IERC20;

    /// Take `amount` from the caller, who sent it along if it is ether; what arrived. A caller of a vault checks that
    /// it is the same: a token may take a fee, and ether may come where tokens are asked for.
    // slither-disable-next-line msg-value-in-nonpayable: internal, called by payable functions alone
    function take(address token, uint256 amount) internal returns (uint256 received) {
        if (token == address(0)) return msg.value;
        // Ether beside tokens is never right: no sum equals this.
        if (msg.value != 0) return type(uint256).max;
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        return IERC20(token).balanceOf(address(this)) - before;
    }

    /// Send `amount` to `to`; whether it took the ether. A token that refuses reverts by itself.
    function send(address token, address to, uint256 amount) internal returns (bool ok) {
        if (token == address(0)) {
            // slither-disable-next-line low-level-calls,arbitrary-send-eth: what the vault owes; its caller checks `ok`
            (ok,) = to.call{value: amount}("");
            return ok;
        }
        IERC20(token).safeTransfer(to, amount);
        return true;
    }
}
