// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Header, State} from "../interfaces/Types.sol";
import {HeaderLib} from "../libraries/HeaderLib.sol";

/// What vaults and policies see of a federation, as somebody sets it, and a caller that they take for it.
contract MockBlocks {
    /// Who created the federation.
    address public requester = msg.sender;
    /// Where its stake is.
    address public stakeVault;
    /// The header hash that ended a round.
    mapping(uint32 round => bytes32) public blockOf;
    uint32 private _height;

    /// From now on somebody else has created it.
    function setRequester(address requester_) external {
        requester = requester_;
    }

    /// From now on its stake is here.
    function setStakeVault(address stakeVault_) external {
        stakeVault = stakeVault_;
    }

    /// The round ended with this block.
    function setBlock(uint32 round, bytes32 hash) external {
        blockOf[round] = hash;
        ++_height;
    }

    /// Call `target` as the federation.
    function forward(address target, bytes calldata data) external {
        (bool ok, bytes memory answer) = target.call(data);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    /// Of all that moves, the height.
    function state() external view returns (State memory s) {
        s.height = _height;
    }

    /// The hash of a header.
    function hashOf(Header calldata header) external pure returns (bytes32) {
        return HeaderLib.hash(header);
    }
}
