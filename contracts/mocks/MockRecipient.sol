// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// An account that is a contract: it signs what it is told to, may refuse ether, and may call back when it gets some.
contract MockRecipient is IERC1271 {
    /// Ether came where none is wanted.
    error Refused();

    /// Whether ether is refused.
    bool public refuses;
    /// What the last callback was refused with; empty if it went through.
    bytes public refusal;
    /// How often ether came.
    uint256 public receipts;
    mapping(bytes32 hash => bool) private _signed;
    address private _target;
    bytes private _callback;

    receive() external payable {
        if (refuses) revert Refused();
        ++receipts;
        if (_target == address(0)) return;
        (bool ok, bytes memory reason) = _target.call(_callback);
        refusal = ok ? bytes("") : reason;
    }

    /// From now on refuse ether, or not.
    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// From now on call `target` with `callback` whenever ether comes; its failure is kept.
    function setCallback(address target, bytes calldata callback) external {
        _target = target;
        _callback = callback;
    }

    /// Sign `hash`.
    function sign(bytes32 hash) external {
        _signed[hash] = true;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes memory) external view returns (bytes4) {
        return _signed[hash] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
