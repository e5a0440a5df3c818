// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../../contracts/interfaces/IConsensus.sol";
import {Cid, Config} from "../../contracts/interfaces/Types.sol";
import {CidLib} from "../../contracts/libraries/CidLib.sol";

/// How the tests' federations are configured.
abstract contract Settings {
    uint8 public constant MAX_EXTENSIONS = 1;
    uint8 public constant MAX_CANDIDATES = 2;
    uint32 public constant MAX_PAUSE_SECONDS = 1000;
    /// The longest of the phases.
    uint32 public constant TRAINING_SECONDS = 100;

    uint8 internal constant RAW = CidLib.RAW;
    /// With a target of one second the difficulty never rises: a nonce is always near.
    uint64 internal constant DIFFICULTY = 4;

    function _config(IConsensus module, uint8 owners_, uint16 devices_)
        internal
        pure
        returns (Config memory config)
    {
        config.manifest = Cid(keccak256("manifest"), RAW);
        config.model = Cid(keccak256("genesis model"), RAW);
        config.consensus = module;
        config.consensusParameters = abi.encode(DIFFICULTY, uint32(1));
        config.rounds = 1_000_000;
        config.minMiners = 2;
        config.maxMiners = owners_;
        config.minDevices = 2;
        config.maxDevices = devices_;
        config.minUpdates = 2;
        config.maxJoins = devices_;
        config.silentRounds = 2;
        config.trainingSeconds = TRAINING_SECONDS;
        config.verificationSeconds = 60;
        config.fetchSeconds = 20;
        config.miningSeconds = 50;
        config.attestationSeconds = 40;
        config.maxExtensions = MAX_EXTENSIONS;
        config.maxCandidates = MAX_CANDIDATES;
        config.maxPauseSeconds = MAX_PAUSE_SECONDS;
        config.maxModelBytes = 1_000_000;
    }
}
