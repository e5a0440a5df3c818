// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Stage} from "../Stage.sol";
import {bound} from "../Vm.sol";

/// What miners may do, honest or not, at any time.
contract Miners {
    Stage private immutable _stage;

    constructor(Stage stage) {
        _stage = stage;
    }

    function join(uint256 owner) external {
        _stage.join(_pick(owner));
    }

    function leave(uint256 owner) external {
        _stage.leave(_pick(owner));
    }

    function checkIn(uint256 owner) external {
        _stage.checkIn(_pick(owner));
    }

    function setEndpoint(uint256 owner, bytes32 endpoint) external {
        _stage.setEndpoint(_pick(owner), string(abi.encode(endpoint)));
    }

    function ballot(uint256 owner) external {
        _stage.ballot(_pick(owner));
    }

    function propose(uint256 owner, uint256 model) external {
        _stage.propose(_pick(owner), model % 2);
    }

    function attest(uint256 owner, bool approve) external {
        _stage.attest(_pick(owner), approve);
    }

    /// All do their part at once, save those in `silent`; a few random calls alone would seldom end a round.
    function play(uint64 silent) external {
        _stage.play(silent & (silent >> 8));
    }

    function _pick(uint256 owner) private view returns (uint256) {
        (uint256 owners,) = _stage.people();
        return bound(owner, 0, owners - 1);
    }
}
