// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MaskLib} from "../../../contracts/libraries/MaskLib.sol";

/// The sets of miners, for all 2^64 of them at once.
contract MaskSymbolic {
    using MaskLib for uint64;

    /// `count` is the number of bits that are set, by induction: none in zero, and one more in a set than in the
    /// same without its lowest.
    function check_count_is_the_number_of_bits(uint64 mask) external pure {
        if (mask == 0) assert(mask.count() == 0);
        else assert(mask.count() == (mask & (mask - 1)).count() + 1);
    }

    /// `lowestFree` is not in the set, and all below it are.
    function check_lowest_free_is_the_first_that_is_free(uint64 mask, uint8 below) external pure {
        uint8 free = mask.lowestFree();
        assert(free <= 64);
        if (free < 64) assert(!mask.has(free));
        if (below < free) assert(mask.has(below));
    }

    /// `has` and `bit` agree: adding an index adds that one and no other.
    function check_bit_adds_one_index(uint64 mask, uint8 index, uint8 other) external pure {
        if (index >= 64 || other >= 64) return;
        uint64 with = mask | MaskLib.bit(index);
        assert(with.has(index));
        if (other != index) assert(with.has(other) == mask.has(other));
    }
}
