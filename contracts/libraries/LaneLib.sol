// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Weights of 16 bits for the 64 miner indices, sixteen a word (docs/SPECIFICATION.md, K1). All lanes of a word are
/// worked on at once; a loop over miners would cost ten times the gas.
library LaneLib {
    uint256 internal constant WORDS = 4;
    uint256 internal constant MOST = 2 ** 16 - 1;

    uint256 private constant EVERY_16 = 0x0001000100010001000100010001000100010001000100010001000100010001;
    uint256 private constant EVERY_32 = 0x0000000100000001000000010000000100000001000000010000000100000001;
    uint256 private constant LOW_HALVES = EVERY_32 * MOST;

    /// The lane of `index`.
    function get(uint256[4] memory words, uint8 index) internal pure returns (uint256) {
        return (words[index >> 4] >> (uint256(index & 15) << 4)) & MOST;
    }

    /// Empty the lane of `index`.
    function clear(uint256[4] memory words, uint8 index) internal pure {
        words[index >> 4] &= ~(MOST << (uint256(index & 15) << 4));
    }

    /// The sum of all lanes.
    function sum(uint256[4] memory words) internal pure returns (uint256 total) {
        for (uint256 i; i < WORDS; ++i) {
            if (words[i] != 0) total += sumOf(words[i]);
        }
    }

    /// The sum of the lanes of one word.
    function sumOf(uint256 word) internal pure returns (uint256) {
        unchecked {
            // Eight sums of two, each with room for all sixteen; the product's highest 32 bits add them up.
            uint256 pairs = (word & LOW_HALVES) + ((word >> 16) & LOW_HALVES);
            return (pairs * EVERY_32) >> 224;
        }
    }

    /// Lanes of `value` for the miners in `mask`, of zero for the others.
    function filled(uint64 mask, uint256 value) internal pure returns (uint256[4] memory words) {
        for (uint256 i; mask >> (i << 4) != 0; ++i) {
            words[i] = _ones(mask, i) * value;
        }
    }

    /// The lanes of `mask`, zero for the others; reads no word that has none.
    function load(uint256[4] storage self, uint64 mask) internal view returns (uint256[4] memory words) {
        for (uint256 i; mask >> (i << 4) != 0; ++i) {
            uint256 ones = _ones(mask, i);
            if (ones != 0) words[i] = self[i] & (ones * MOST);
        }
    }

    /// Keep `list`, of which the lanes of `mask` count; writes no word that has none of them.
    function store(uint256[4] storage self, uint256[] memory list, uint64 mask) internal {
        for (uint256 i; mask >> (i << 4) != 0; ++i) {
            if ((mask >> (i << 4)) & MOST != 0) self[i] = i < list.length ? list[i] : 0;
        }
    }

    /// Take the lanes of `mask` from `next`, and leave the others; writes no word that has none.
    function merge(uint256[4] storage self, uint256[4] memory next, uint64 mask) internal {
        for (uint256 i; mask >> (i << 4) != 0; ++i) {
            uint256 lanes = _ones(mask, i) * MOST;
            if (lanes != 0) self[i] = (self[i] & ~lanes) | (next[i] & lanes);
        }
    }

    /// `words` with one for each miner in `mask` whose lane is zero.
    function atLeastOne(uint256[4] memory words, uint64 mask) internal pure {
        for (uint256 i; mask >> (i << 4) != 0; ++i) {
            uint256 some = words[i];
            some |= (some >> 8) & (EVERY_16 * 0xff);
            some |= (some >> 4) & (EVERY_16 * 0xf);
            some |= (some >> 2) & (EVERY_16 * 0x3);
            some |= (some >> 1) & EVERY_16;
            words[i] |= _ones(mask, i) & ~some;
        }
    }

    /// `words` without the zero words at the end.
    function trimmed(uint256[4] memory words) internal pure returns (uint256[] memory list) {
        uint256 length = WORDS;
        while (length != 0 && words[length - 1] == 0) --length;
        list = new uint256[](length);
        for (uint256 i; i < length; ++i) {
            list[i] = words[i];
        }
    }

    /// Whether `list` is as many words as the miners in `mask` need, without a lane of another; and the words.
    function read(uint256[] calldata list, uint64 mask)
        internal
        pure
        returns (bool, uint256[4] memory words)
    {
        uint256 needed = 0;
        for (uint64 rest = mask; rest != 0; rest >>= 16) {
            ++needed;
        }
        if (list.length != needed) return (false, words);
        for (uint256 i; i < needed; ++i) {
            words[i] = list[i];
            if (words[i] & ~(_ones(mask, i) * MOST) != 0) return (false, words);
        }
        return (true, words);
    }

    /// One in each lane of word `i` whose miner is in `mask`: the sixteen bits, halved and spread four times.
    function _ones(uint64 mask, uint256 i) private pure returns (uint256 x) {
        x = (mask >> (i << 4)) & MOST;
        if (x == 0) return 0;
        x = (x | (x << 120)) & 0x000000000000000000000000000000ff000000000000000000000000000000ff;
        x = (x | (x << 60)) & 0x000000000000000f000000000000000f000000000000000f000000000000000f;
        x = (x | (x << 30)) & (EVERY_32 * 0x3);
        x = (x | (x << 15)) & EVERY_16;
    }
}
