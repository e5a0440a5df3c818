// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Stage} from "../Stage.sol";
import {bound, vm} from "../Vm.sol";

/// The requester, who closes seldom, for a closed federation shows nothing more.
contract Requester {
    Stage private immutable _stage;

    constructor(Stage stage) {
        _stage = stage;
    }

    function pause() external {
        _stage.pause();
    }

    function unpause() external {
        _stage.unpause(_stage.requester());
    }

    function close(uint256 mood) external {
        if (mood % 16 == 0) _stage.close();
    }
}

/// Somebody who is nothing here, and the time that goes by.
contract Stranger {
    Stage private immutable _stage;

    constructor(Stage stage) {
        _stage = stage;
    }

    function tick() external {
        _stage.tick();
    }

    function unpause() external {
        _stage.unpause(_stage.stranger());
    }

    function wait(uint256 length) external {
        vm.warp(block.timestamp + bound(length, 1, _stage.TRAINING_SECONDS()));
    }
}
