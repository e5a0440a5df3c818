// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LaneLib} from "./LaneLib.sol";
import {MaskLib} from "./MaskLib.sol";

/// Whose turn it is, drawn by weight (docs/SPECIFICATION.md, K5). `lanes` are the voters' alone, none of them zero; the
/// functions use them up.
library ScheduleLib {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// What the order of a round of the calling federation is drawn with.
    function seed(uint32 round, bytes32 former, bytes32 head) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, msg.sender, round, former, head, block.prevrandao));
    }

    /// The voters in the order in which they are drawn.
    function order(bytes32 seed_, uint64 voters, uint256[4] memory lanes)
        internal
        pure
        returns (uint8[] memory list)
    {
        list = new uint8[](voters.count());
        uint256 left = lanes.sum();
        for (uint256 k; k < list.length; ++k) {
            (list[k], left) = _draw(seed_, k, lanes, left);
        }
    }

    /// Whose turn `turn` is, and whether it is anybody's: the first of `eligible` from its position on, cyclically.
    function proposer(bytes32 seed_, uint64 voters, uint256[4] memory lanes, uint8 turn, uint64 eligible)
        internal
        pure
        returns (uint8 index, bool any)
    {
        if (eligible & voters == 0) return (0, false);
        uint256 count = voters.count();
        uint256 position = turn % count;
        uint256 left = lanes.sum();
        for (uint256 k; k < count; ++k) {
            uint8 drawn;
            (drawn, left) = _draw(seed_, k, lanes, left);
            if (!eligible.has(drawn)) continue;
            if (k >= position) return (drawn, true);
            if (!any) (index, any) = (drawn, true);
        }
    }

    /// Draw number `k` out of `left`, and take the voter drawn out.
    function _draw(bytes32 seed_, uint256 k, uint256[4] memory lanes, uint256 left)
        private
        pure
        returns (uint8 index, uint256)
    {
        uint256 x = uint256(keccak256(abi.encode(seed_, k))) % left;
        uint256 i;
        for (;; ++i) {
            uint256 weight = LaneLib.sumOf(lanes[i]);
            if (x < weight) break;
            x -= weight;
        }
        uint256 word = lanes[i];
        uint256 lane;
        for (i <<= 4;; ++i) {
            lane = word & LaneLib.MOST;
            if (x < lane) break;
            x -= lane;
            word >>= 16;
        }
        // forge-lint: disable-next-line(unsafe-typecast): below 64, for x is less than the sum of all lanes
        index = uint8(i);
        lanes.clear(index);
        return (index, left - lane);
    }
}
