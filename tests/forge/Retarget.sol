// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IProofOfWork} from "../../contracts/interfaces/IProofOfWork.sol";

/// The difficulty of one puzzle, whose federation is the contract that inherits this.
abstract contract Retarget {
    uint256 internal constant MAX_DIFFICULTY = 2 ** 48;
    uint256 internal constant MAX_TARGET_SECONDS = 1 days;

    IProofOfWork private immutable _module;

    constructor(address module) {
        _module = IProofOfWork(module);
    }

    function _configure(uint256 difficulty, uint256 target) internal {
        _module.configure(abi.encode(difficulty, target));
    }

    function _finalized(uint256 elapsed) internal {
        _module.onFinalized(1, elapsed);
    }

    function _timedOut() internal {
        _module.onTimeout(1);
    }

    function _difficulty() internal view returns (uint256) {
        return _module.difficulty(address(this));
    }
}
