// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// What a miner's contract keeps of a device. Zero: not bound.
///
///     bits    0-159  federation: a copy, so that a submission need not read the slot that has it
///     bits  160-183  fromRound
///     bits  184-207  seen
///     bits  208-231  submitted
///     bit       232  awaited: seen in `seen` through a check-in, and counting in that round all the same
type Device is uint256;

using DeviceLib for Device global;

/// Packs a device into one word. Rounds end at 1,000,000, so 24 bits hold them.
// forge-lint: disable-start(unsafe-typecast): to cut a field out of the word is what the casts here are for
library DeviceLib {
    uint256 private constant FROM_ROUND = 160;
    uint256 private constant SEEN = 184;
    uint256 private constant SUBMITTED = 208;
    uint256 private constant AWAITED = 232;

    function create(address federation_, uint32 fromRound_) internal pure returns (Device) {
        return Device.wrap(
            uint160(federation_) | (uint256(fromRound_) << FROM_ROUND) | (uint256(fromRound_ - 1) << SEEN)
        );
    }

    /// The same device, seen in `round`.
    function see(Device self, uint32 round, bool awaited_) internal pure returns (Device) {
        uint256 kept = Device.unwrap(self) & ~((uint256(type(uint24).max) << SEEN) | (uint256(1) << AWAITED));
        return Device.wrap(kept | (uint256(round) << SEEN) | (awaited_ ? uint256(1) << AWAITED : 0));
    }

    /// The same device, seen and submitted in `round`.
    function submit(Device self, uint256 round) internal pure returns (Device) {
        uint256 kept = Device.unwrap(self) & ((uint256(1) << SEEN) - 1);
        return Device.wrap(kept | (round << SEEN) | (round << SUBMITTED));
    }

    function isBound(Device self) internal pure returns (bool) {
        return Device.unwrap(self) != 0;
    }

    function federation(Device self) internal pure returns (address) {
        return address(uint160(Device.unwrap(self)));
    }

    function fromRound(Device self) internal pure returns (uint32) {
        return uint24(Device.unwrap(self) >> FROM_ROUND);
    }

    function seen(Device self) internal pure returns (uint32) {
        return uint24(Device.unwrap(self) >> SEEN);
    }

    function submitted(Device self) internal pure returns (uint32) {
        return uint24(Device.unwrap(self) >> SUBMITTED);
    }

    function awaited(Device self) internal pure returns (bool) {
        return (Device.unwrap(self) >> AWAITED) & 1 == 1;
    }
}
// forge-lint: disable-end(unsafe-typecast)
