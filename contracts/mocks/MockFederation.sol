// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {State, Status} from "../interfaces/Types.sol";

/// As much of a federation as its stake vault calls; it tells what it was told, and can call back.
contract MockFederation {
    /// The module, or whatever stands behind the federation, refuses.
    error Refused();

    /// The vault tells of an offence.
    event Slashed(address indexed vault, address indexed owner, uint32 round);

    /// The last round that opened.
    uint32 public currentRound;
    Status private _status;
    bool private _refuses;
    address private _target;
    bytes private _callback;

    /// A round opens.
    function setCurrentRound(uint32 round) external {
        currentRound = round;
    }

    /// The federation is in another status.
    function setStatus(Status status) external {
        _status = status;
    }

    /// From now on refuse to hear of an offence.
    function setRefuses(bool refuses) external {
        _refuses = refuses;
    }

    /// From now on call `target` with `callback` when the vault tells of an offence; its failure is passed on.
    function setCallback(address target, bytes calldata callback) external {
        (_target, _callback) = (target, callback);
    }

    /// The vault slashed `owner` for equivocating in `round`.
    function onSlashed(address owner, uint32 round) external {
        if (_refuses) revert Refused();
        emit Slashed(msg.sender, owner, round);
        if (_target == address(0)) return;
        (bool ok, bytes memory result) = _target.call(_callback);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
    }

    /// As much of the state as the vault reads.
    function state() external view returns (State memory s) {
        s.status = _status;
    }
}
