// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMiner} from "../interfaces/IMiner.sol";

/// The pool of a miner's current round, and how many of its devices were last seen when (docs/SPECIFICATION.md,
/// R2 and M7).
///
/// All but the head is one word, so that a submission reads and writes it once:
///
///     bits    0-127  eight lanes of 16 bits; lane k counts the devices last seen k rounds before `round`
///     bits  128-159  round, the last one that anything happened in
///     bits  160-175  count, of the updates in that round's pool
///     bits  176-191  awaited, the devices in lane 0 that count in `round` and have not submitted: they checked in
///     bits  192-199  silentRounds
///     bits  200-207  index of the miner: no part of the pool, but a submission needs it as well
///     bits  208-247  deadline of the round's Training as the federation last told it; 0: it must be asked
///
/// A new round shifts the lanes by one, so nothing is ever done for each device; what falls out of the eighth
/// lane was silent for longer than any federation waits. No lane overflows: a federation has at most 60,000
/// devices.
// forge-lint: disable-start(unsafe-typecast): to cut a field out of the word is what the casts here are for
library PoolLib {
    struct State {
        bytes32 head;
        uint256 word;
    }

    uint256 private constant LANE_BITS = 16;
    uint256 private constant ROUND = 128;
    uint256 private constant COUNT = 160;
    uint256 private constant AWAITED = 176;
    uint256 private constant SILENT_ROUNDS = 192;
    uint256 private constant INDEX = 200;
    uint256 private constant DEADLINE = 208;

    uint256 private constant ONE_SEEN = 1;
    uint256 private constant ONE_UPDATE = uint256(1) << COUNT;
    uint256 private constant ONE_AWAITED = uint256(1) << AWAITED;
    /// What a new round leaves: silentRounds and index.
    uint256 private constant KEPT = uint256(type(uint16).max) << SILENT_ROUNDS;
    /// Multiplying seven lanes by this leaves their sum in the seventh.
    uint256 private constant SUM = 0x0001000100010001000100010001;

    /// Set up an empty pool.
    function initialize(State storage self, uint8 index_, uint8 silentRounds) internal {
        self.word = (uint256(index_) << INDEX) | (uint256(silentRounds) << SILENT_ROUNDS);
    }

    /// Give the miner another index.
    function setIndex(State storage self, uint8 index_) internal {
        self.word = (self.word & ~(uint256(type(uint8).max) << INDEX)) | (uint256(index_) << INDEX);
    }

    /// Whether Training of `round` is known to go on. Before its deadline it ends only when no counting device is
    /// awaited in any pool, and here one is.
    function isTraining(uint256 word, uint256 round) internal view returns (bool) {
        return uint32(word >> ROUND) == round && block.timestamp < uint40(word >> DEADLINE)
            && _outstanding(word) != 0;
    }

    /// The word as of `round`, whose Training ends at `deadline` as far as the federation knows.
    function opened(uint256 word, uint256 round, uint40 deadline) internal pure returns (uint256) {
        return _rolled(word, round) & ((uint256(1) << DEADLINE) - 1) | (uint256(deadline) << DEADLINE);
    }

    /// Forget the deadline.
    function suspend(State storage self) internal {
        self.word &= (uint256(1) << DEADLINE) - 1;
    }

    /// Append `leaf` to the pool of `round` for a device last seen in `lastSeen`; its place. `word` is the state's as
    /// of `round`.
    function append(
        State storage self,
        uint256 word,
        uint256 round,
        uint256 lastSeen,
        bool awaited,
        bytes32 leaf
    ) internal returns (uint16 place) {
        place = uint16(word >> COUNT);
        if (place == type(uint16).max) revert IMiner.MinerPoolFull(uint32(round));
        // The head of an earlier round is left where it is: an empty pool does not read it.
        bytes32 head = place == 0 ? bytes32(0) : self.head;
        self.head = keccak256(abi.encode(head, leaf));
        unchecked {
            if (awaited && lastSeen == round) word -= ONE_AWAITED;
            self.word = word - _one(round - lastSeen) + ONE_SEEN + ONE_UPDATE;
        }
    }

    /// Count a new device as seen in `round`.
    function enter(State storage self, uint256 round) internal {
        self.word = _rolled(self.word, round) + ONE_SEEN;
    }

    /// Count a device last seen in an earlier round as seen in `round`; whether it counts in `round` all the same.
    function move(State storage self, uint256 lastSeen, uint256 round) internal returns (bool awaited) {
        uint256 word = _rolled(self.word, round) - _one(round - lastSeen) + ONE_SEEN;
        awaited = round - lastSeen <= uint8(word >> SILENT_ROUNDS);
        self.word = awaited ? word + ONE_AWAITED : word;
    }

    /// Forget a device last seen in `lastSeen`.
    function remove(State storage self, uint256 lastSeen, bool awaited) internal {
        uint256 word = self.word;
        uint256 round = uint32(word >> ROUND);
        if (awaited && lastSeen == round) word -= ONE_AWAITED;
        self.word = word - _one(round - lastSeen);
    }

    /// The pool as of `round`, and how many devices that count in it have not submitted. Of a round before the
    /// pool's last one nothing is left.
    function read(State storage self, uint256 round)
        internal
        view
        returns (bytes32 head, uint16 count, uint16 outstanding)
    {
        uint256 word = self.word;
        if (round < uint32(word >> ROUND)) return (0, 0, 0);
        word = _rolled(word, round);
        count = uint16(word >> COUNT);
        if (count != 0) head = self.head;
        outstanding = _outstanding(word);
    }

    /// The miner's index.
    function index(uint256 word) internal pure returns (uint8) {
        return uint8(word >> INDEX);
    }

    /// The word as of `round`: an empty pool, if that is a new one.
    function _rolled(uint256 word, uint256 round) private pure returns (uint256) {
        uint256 former = uint32(word >> ROUND);
        if (former == round) return word;
        unchecked {
            uint256 lanes = uint128(uint256(uint128(word)) << (LANE_BITS * (round - former)));
            return (word & KEPT) | (round << ROUND) | lanes;
        }
    }

    /// How many devices that count in the word's round have not submitted. It never grows within a round.
    function _outstanding(uint256 word) private pure returns (uint16) {
        unchecked {
            uint256 counting = word >> LANE_BITS;
            counting &= (uint256(1) << (LANE_BITS * uint8(word >> SILENT_ROUNDS))) - 1;
            return uint16((counting * SUM) >> (6 * LANE_BITS)) + uint16(word >> AWAITED);
        }
    }

    /// One device in the lane of `rounds` ago; nothing when it fell out.
    function _one(uint256 rounds) private pure returns (uint256) {
        return uint128(uint256(1) << (LANE_BITS * rounds));
    }
}
// forge-lint: disable-end(unsafe-typecast)
