// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Stage} from "../Stage.sol";
import {bound} from "../Vm.sol";

/// What devices may do, at any time.
contract Devices {
    Stage private immutable _stage;

    constructor(Stage stage) {
        _stage = stage;
    }

    function register(uint256 device, uint256 owner) external {
        (uint256 owners,) = _stage.people();
        _stage.register(_pick(device), bound(owner, 0, owners - 1));
    }

    function submit(uint256 device) external {
        _stage.submit(_pick(device));
    }

    function checkIn(uint256 device) external {
        _stage.checkInDevice(_pick(device));
    }

    function leave(uint256 device) external {
        _stage.leaveDevice(_pick(device));
    }

    function _pick(uint256 device) private view returns (uint256) {
        (, uint256 devices) = _stage.people();
        return bound(device, 0, devices - 1);
    }
}
