// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Sets of miners as bit masks over their indices.
library MaskLib {
    /// How many miners are in `mask` (Warren, Hacker's Delight, figure 5-2).
    function count(uint64 mask) internal pure returns (uint256) {
        unchecked {
            uint64 x = mask - ((mask >> 1) & 0x5555555555555555);
            x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333);
            x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
            return (x * 0x0101010101010101) >> 56;
        }
    }

    /// The lowest index that is not in `mask`; 64 when all are.
    function lowestFree(uint64 mask) internal pure returns (uint8) {
        unchecked {
            // forge-lint: disable-next-line(unsafe-typecast): at most 64
            return uint8(count(mask & ~(mask + 1)));
        }
    }

    /// Whether `mask` holds `index`.
    function has(uint64 mask, uint8 index) internal pure returns (bool) {
        return (mask >> index) & 1 == 1;
    }

    /// The set of `index` alone.
    function bit(uint8 index) internal pure returns (uint64) {
        return uint64(1) << index;
    }
}
