// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Header} from "./Types.sol";

/// What members do in a federation, round by round.
interface IFederationRounds {
    /// Revert unless the miner at `index` takes updates of `round` in now; called by miner contracts. Until `deadline`
    /// it goes on doing so unless the federation is paused, or no counting device is awaited any more.
    function requireTraining(uint32 round, uint8 index) external view returns (uint40 deadline);

    /// Where the members' stake is; zero if nothing is staked.
    function stakeVault() external view returns (address);

    /// The header hash that ended `round`; zero when it was skipped or is not over.
    function blockOf(uint32 round) external view returns (bytes32);

    /// Take a miner in; by the factory, which just cloned it.
    function addMiner(address owner, address miner, string calldata endpoint, bytes calldata evidence)
        external
        returns (uint8 index);

    /// The calling owner's miner leaves at the next opening.
    function leave() external;

    /// The calling owner's miner, dormant so far, counts again from the next opening.
    function checkIn() external;

    /// Bind `device` to the calling miner contract, releasing it from the one before. `evidence` is for the policy.
    function bindDevice(address device, bytes calldata evidence) external returns (uint32 fromRound);

    /// Unbind `device` from the calling miner contract.
    function unbindDevice(address device) external;

    /// Do what is due: close or extend a phase, skip a round, open the next one. Anyone may call it.
    function tick() external;

    /// One ballot over all updates of the round.
    function vote(uint32 round, bytes32 updatesRoot, bytes calldata verdicts) external;

    /// A candidate block.
    function propose(Header calldata header) external;

    /// Agree or not with the candidate.
    function attest(uint32 round, bytes32 candidate, bool approve) external;

    /// The stake vault slashed the owner of a miner for what it did in `round`.
    function onSlashed(address owner, uint32 round) external;
}
