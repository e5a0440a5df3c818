// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "./IConsensus.sol";
import {Config} from "./Types.sol";

/// What the requester, and those to whom it grants a role, may do to a federation.
interface IFederationControl {
    /// Set up a clone; once, by the factory.
    function initialize(address requester, Config calldata config, address stakeVault, address rewardVault)
        external;

    /// A pauser stops the deadlines.
    function pause() external;

    /// A pauser, or anyone once the pause is used up, starts the deadlines again.
    function unpause() external;

    /// The governor ends the federation at the round boundary.
    function close() external;

    /// The governor announces another consensus module for the round after the next one to open.
    function changeConsensus(IConsensus module, bytes calldata parameters) external;

    /// The governor lets a miner go at the end of the round after the running one.
    function expel(uint8 index) external;
}
