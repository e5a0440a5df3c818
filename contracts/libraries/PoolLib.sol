// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMiner} from "../interfaces/IMiner.sol";

/// The pool of a miner's current round, and how many of its devices were last seen when (docs/SPECIFICATION.md,
/// R2 and M7).
///
/// `seen` has eight lanes of 16 bits: lane k counts the devices that were last seen k rounds before `round`. A
/// new round shifts the lanes by one, so nothing is ever done for each device; what falls out of the eighth lane
/// was silent for longer than any federation waits. A lane cannot overflow: a federation has at most 60,000
/// devices.
library PoolLib {
    struct State {
        bytes32 head;
        uint128 seen;
        uint32 round;
        uint16 count;
        /// Devices in lane 0 that count in `round` and have not submitted: they only checked in.
        uint16 awaited;
        uint8 silentRounds;
        /// The miner's index: no part of the pool, but a submission needs it and reads this slot anyway.
        uint8 index;
    }

    uint256 private constant LANE = 16;
    /// Multiplying seven lanes by this leaves their sum in the seventh.
    uint256 private constant SUM = 0x0001000100010001000100010001;

    /// Append `leaf` for a device last seen in round `lastSeen`; its place in the pool of `round`.
    function append(State storage self, uint32 round, uint32 lastSeen, bool awaited, bytes32 leaf)
        internal
        returns (uint16 place)
    {
        (uint128 seen, uint32 stored, uint16 waiting) = (self.seen, self.round, self.awaited);
        if (stored == round) {
            place = self.count;
            if (place == type(uint16).max) revert IMiner.MinerPoolFull(round);
        } else {
            (seen, waiting) = (_shift(seen, round - stored), 0);
        }
        // The head of an earlier round is left where it is: an empty pool does not read it.
        self.head = keccak256(abi.encode(place == 0 ? bytes32(0) : self.head, leaf));
        unchecked {
            if (awaited && lastSeen == round) --waiting;
            self.seen = seen - _one(round - lastSeen) + 1;
            self.round = round;
            self.count = place + 1;
            self.awaited = waiting;
        }
    }

    /// Count a new device as seen in `round`.
    function enter(State storage self, uint32 round) internal {
        _roll(self, round);
        self.seen += 1;
    }

    /// Count a device last seen in an earlier round as seen in `round`; whether it counts in `round` all the same.
    function move(State storage self, uint32 lastSeen, uint32 round) internal returns (bool awaited) {
        _roll(self, round);
        self.seen = self.seen - _one(round - lastSeen) + 1;
        awaited = round - lastSeen <= self.silentRounds;
        if (awaited) self.awaited += 1;
    }

    /// Forget a device last seen in round `lastSeen`.
    function remove(State storage self, uint32 lastSeen, bool awaited) internal {
        uint32 round = self.round;
        self.seen -= _one(round - lastSeen);
        if (awaited && lastSeen == round) self.awaited -= 1;
    }

    /// The pool as of `round`, and how many devices that count in it have not submitted. Of a round before the
    /// pool's last one nothing is left.
    function read(State storage self, uint32 round)
        internal
        view
        returns (bytes32 head, uint16 count, uint16 outstanding)
    {
        uint32 stored = self.round;
        if (round < stored) return (0, 0, 0);
        uint256 counting = _shift(self.seen, round - stored) >> LANE;
        counting &= (1 << (LANE * self.silentRounds)) - 1;
        unchecked {
            outstanding = uint16((counting * SUM) >> (6 * LANE));
        }
        if (round == stored) {
            count = self.count;
            outstanding += self.awaited;
            if (count != 0) head = self.head;
        }
    }

    /// Bring the pool to `round`: empty, if that is a new one.
    function _roll(State storage self, uint32 round) private {
        uint32 stored = self.round;
        if (stored == round) return;
        self.seen = _shift(self.seen, round - stored);
        self.round = round;
        self.count = 0;
        self.awaited = 0;
    }

    /// The lanes, `rounds` later; what is older than eight rounds falls out.
    function _shift(uint128 seen, uint256 rounds) private pure returns (uint128) {
        return uint128(uint256(seen) << (LANE * rounds));
    }

    /// One device in the lane of `rounds` ago; nothing when it fell out.
    function _one(uint256 rounds) private pure returns (uint128) {
        return uint128(uint256(1) << (LANE * rounds));
    }
}
