// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// A smart account (ERC-1271) that may refuse ether, or do something else when it comes.
contract MockAccount is IERC1271 {
    /// The account does not want this ether.
    error Unwanted(uint256 amount);

    /// Whose signatures are the account's.
    address public immutable signer;
    /// How the last call that was tried ended; empty where it succeeded.
    bytes public refusal;
    /// How many calls were tried.
    uint256 public attempts;
    bool private _refuses;
    address private _target;
    bytes private _callback;

    constructor(address signer_) {
        signer = signer_;
    }

    /// Ether comes.
    receive() external payable {
        if (_refuses) revert Unwanted(msg.value);
        if (_target != address(0)) attempt(_target, _callback);
    }

    /// From now on refuse ether.
    function setRefuses(bool refuses) external {
        _refuses = refuses;
    }

    /// From now on try to call `target` with `callback` whenever ether comes.
    function setCallback(address target, bytes calldata callback) external {
        (_target, _callback) = (target, callback);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address recovered,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return recovered == signer ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    /// Call `target`, and keep how it ended.
    function attempt(address target, bytes memory data) public {
        (bool ok, bytes memory result) = target.call(data);
        refusal = ok ? bytes("") : result;
        ++attempts;
    }
}
