// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Config, Member, Phase, State} from "./Types.sol";

/// What a federation tells on request.
interface IFederationViews {
    /// What the federation was created with.
    function config() external view returns (Config memory);

    /// Who created the federation.
    function requester() external view returns (address);

    /// The factory that cloned the federation.
    function factory() external view returns (address);

    /// Where the rewards are; zero if nothing is paid.
    function rewardVault() external view returns (address);

    /// Everything that moves, in one read.
    function state() external view returns (State memory);

    /// The phase of any round, past, present or to come.
    function phase(uint32 round) external view returns (Phase);

    /// Whether `tick` would do something now.
    function due() external view returns (bool);

    /// The miner at `index`; zero when the place is free.
    function member(uint8 index) external view returns (Member memory);

    /// The miner contract that `device` is bound to; zero if none.
    function minerOf(address device) external view returns (address);

    /// The hash of a miner's ballot in the current round; zero before it voted.
    function ballotOf(uint8 index) external view returns (bytes32);

    /// The parent of block 1.
    function genesis() external view returns (bytes32);

    /// The last round that opened.
    function currentRound() external view returns (uint32);
}
