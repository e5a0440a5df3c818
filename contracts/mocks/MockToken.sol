// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token that anybody mints, and that can be made to misbehave.
contract MockToken is ERC20("Mock", "MOCK") {
    /// Of each transfer, in 1/10,000.
    uint256 public feeBps;
    /// Transfers return false, and move nothing.
    bool public refuses;
    address private _target;
    bytes private _callback;

    /// Mint `amount` for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// From now on burn a fee of every transfer.
    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    /// From now on return false.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// From now on call `target` with `callback` in every transfer; its failure is swallowed.
    function setCallback(address target, bytes calldata callback) external {
        _target = target;
        _callback = callback;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !refuses && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !refuses && super.transferFrom(from, to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount * feeBps / 10_000;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
        if (_target != address(0)) {
            (bool ok,) = _target.call(_callback);
            ok;
        }
    }
}
