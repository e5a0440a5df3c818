// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederationSigns} from "../interfaces/IFederationSigns.sol";
import {IMembershipPolicy} from "../interfaces/IMembershipPolicy.sol";
import {Cid, Config} from "../interfaces/Types.sol";
import {CidLib} from "./CidLib.sol";

/// What a federation is created with: its bounds (docs/SPECIFICATION.md, C) and its form in storage.
library FederationConfig {
    /// Ordered so that the numbers fill two slots; the bounds make the narrower types wide enough.
    struct State {
        IConsensus consensus;
        uint32 rounds;
        uint8 minMiners;
        uint8 maxMiners;
        uint8 silentRounds;
        uint8 maxExtensions;
        uint8 maxCandidates;
        uint8 confirmations;
        uint8 manifestCodec;
        uint8 modelCodec;
        uint24 trainingSeconds;
        uint24 verificationSeconds;
        uint24 fetchSeconds;
        uint24 miningSeconds;
        uint24 attestationSeconds;
        uint16 minDevices;
        uint16 maxDevices;
        uint16 minUpdates;
        uint16 maxJoins;
        uint32 maxPauseSeconds;
        uint32 maxModelBytes;
        bytes32 manifestDigest;
        bytes32 modelDigest;
        bytes consensusParameters;
        IMembershipPolicy policy;
        bytes policyParameters;
    }

    uint256 internal constant MAX_ROUNDS = 1_000_000;
    uint256 internal constant MAX_MINERS = 64;
    uint256 internal constant MAX_DEVICES = 60_000;
    uint256 internal constant MAX_SILENT_ROUNDS = 7;
    uint256 internal constant MAX_PHASE_SECONDS = 30 days;
    uint256 internal constant MAX_EXTENSIONS = 10;
    uint256 internal constant MAX_CANDIDATES = 64;
    uint256 internal constant MAX_PAUSE_SECONDS = 365 days;
    uint256 internal constant MAX_MODEL_BYTES = 2 ** 31;
    uint256 internal constant MAX_CONFIRMATIONS = 64;

    /// Revert with `FederationInvalidConfig` at the first field out of bounds.
    function check(Config calldata config) internal view {
        _checkCid(0, config.manifest);
        _checkCid(1, config.model);
        address module = address(config.consensus);
        if (module.code.length == 0) revert IFederationSigns.FederationInvalidConfig(2, uint160(module));
        _checkRange(4, config.rounds, 1, MAX_ROUNDS);
        _checkRange(6, config.maxMiners, 1, MAX_MINERS);
        _checkRange(5, config.minMiners, 1, config.maxMiners);
        _checkRange(8, config.maxDevices, 1, MAX_DEVICES);
        _checkRange(7, config.minDevices, 1, config.maxDevices);
        _checkRange(9, config.minUpdates, 1, config.maxDevices);
        _checkRange(10, config.maxJoins, 1, config.maxDevices);
        _checkRange(11, config.silentRounds, 1, MAX_SILENT_ROUNDS);
        _checkRange(12, config.trainingSeconds, 1, MAX_PHASE_SECONDS);
        _checkRange(13, config.verificationSeconds, 2, MAX_PHASE_SECONDS);
        _checkRange(14, config.fetchSeconds, 1, config.verificationSeconds / 2);
        _checkRange(15, config.miningSeconds, 1, MAX_PHASE_SECONDS);
        _checkRange(16, config.attestationSeconds, 1, MAX_PHASE_SECONDS);
        _checkRange(17, config.maxExtensions, 0, MAX_EXTENSIONS);
        _checkRange(18, config.maxCandidates, 1, MAX_CANDIDATES);
        _checkRange(19, config.maxPauseSeconds, 0, MAX_PAUSE_SECONDS);
        _checkRange(20, config.maxModelBytes, 1, MAX_MODEL_BYTES);
        _checkRange(21, config.confirmations, 0, MAX_CONFIRMATIONS);
        address policy = address(config.policy);
        if (policy == address(0)) _checkRange(23, config.policyParameters.length, 0, 0);
        else if (policy.code.length == 0) revert IFederationSigns.FederationInvalidConfig(22, uint160(policy));
    }

    /// Keep `config`, which was checked.
    function store(State storage self, Config calldata config) internal {
        self.consensus = config.consensus;
        self.rounds = config.rounds;
        self.minMiners = config.minMiners;
        self.maxMiners = config.maxMiners;
        self.silentRounds = config.silentRounds;
        self.maxExtensions = config.maxExtensions;
        self.maxCandidates = config.maxCandidates;
        self.confirmations = config.confirmations;
        self.manifestCodec = config.manifest.codec;
        self.modelCodec = config.model.codec;
        self.trainingSeconds = uint24(config.trainingSeconds);
        self.verificationSeconds = uint24(config.verificationSeconds);
        self.fetchSeconds = uint24(config.fetchSeconds);
        self.miningSeconds = uint24(config.miningSeconds);
        self.attestationSeconds = uint24(config.attestationSeconds);
        self.minDevices = config.minDevices;
        self.maxDevices = config.maxDevices;
        self.minUpdates = config.minUpdates;
        self.maxJoins = config.maxJoins;
        self.maxPauseSeconds = config.maxPauseSeconds;
        self.maxModelBytes = config.maxModelBytes;
        self.manifestDigest = config.manifest.digest;
        self.modelDigest = config.model.digest;
        self.consensusParameters = config.consensusParameters;
        self.policy = config.policy;
        self.policyParameters = config.policyParameters;
    }

    /// What was kept, as it was given.
    function load(State storage self) internal view returns (Config memory config) {
        config.manifest = Cid(self.manifestDigest, self.manifestCodec);
        config.model = Cid(self.modelDigest, self.modelCodec);
        config.consensus = self.consensus;
        config.consensusParameters = self.consensusParameters;
        config.rounds = self.rounds;
        config.minMiners = self.minMiners;
        config.maxMiners = self.maxMiners;
        config.minDevices = self.minDevices;
        config.maxDevices = self.maxDevices;
        config.minUpdates = self.minUpdates;
        config.maxJoins = self.maxJoins;
        config.silentRounds = self.silentRounds;
        config.trainingSeconds = self.trainingSeconds;
        config.verificationSeconds = self.verificationSeconds;
        config.fetchSeconds = self.fetchSeconds;
        config.miningSeconds = self.miningSeconds;
        config.attestationSeconds = self.attestationSeconds;
        config.maxExtensions = self.maxExtensions;
        config.maxCandidates = self.maxCandidates;
        config.maxPauseSeconds = self.maxPauseSeconds;
        config.maxModelBytes = self.maxModelBytes;
        config.confirmations = self.confirmations;
        config.policy = self.policy;
        config.policyParameters = self.policyParameters;
    }

    function _checkCid(uint8 field, Cid calldata cid) private pure {
        if (cid.digest == 0 || !CidLib.isCodec(cid.codec)) {
            revert IFederationSigns.FederationInvalidConfig(field, cid.codec);
        }
    }

    function _checkRange(uint8 field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert IFederationSigns.FederationInvalidConfig(field, value);
    }
}
