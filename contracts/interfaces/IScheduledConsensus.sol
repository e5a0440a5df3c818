// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "./IConsensus.sol";

/// A module that says whose turn it is to propose: an order of the voters, drawn by weight for each round
/// (docs/SPECIFICATION.md, K5).
interface IScheduledConsensus is IConsensus {
    /// The order of `round` is fixed.
    event ScheduleSeeded(address indexed federation, uint32 indexed round, bytes32 seed);
    /// The chain itself changed the lane of the miner at `index`, as of the next opening.
    event WeightChanged(address indexed federation, uint8 indexed index, uint16 weight);
    /// A block changed the lanes of its round's snapshot: what they are now.
    event LanesChanged(address indexed federation, uint32 indexed round, uint256[] lanes);

    /// What the order of the last opened round is drawn with.
    function seed(address federation) external view returns (bytes32);

    /// The voters of the last opened round in their order, by index.
    function order(address federation) external view returns (uint8[] memory);

    /// Whose turn `turn` of the last opened round is among those in `eligible`, and whether it is anybody's.
    function proposer(address federation, uint8 turn, uint64 eligible)
        external
        view
        returns (uint8 index, bool any);

    /// The lanes that stand: what the next opening goes by, but for what changes at it.
    function lanes(address federation) external view returns (uint256[] memory);
}
