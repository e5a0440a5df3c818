// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Drop, Header, Phase, Status} from "./Types.sol";

/// How a federation refuses, and what it tells.
interface IFederationSigns {
    /// A call came in the wrong phase of `round`.
    error FederationUnexpectedPhase(uint32 round, Phase current, Phase expected);

    /// A call came in the wrong status.
    error FederationUnexpectedStatus(Status current);

    /// The call speaks of `given`, the federation is in `current`.
    error FederationUnexpectedRound(uint32 current, uint32 given);

    /// `tick` has nothing to do before `deadline`.
    error FederationNothingDue(uint32 round, Phase phase, uint40 deadline);

    /// The caller is not the factory.
    error FederationOnlyFactory(address caller);

    /// The caller is no miner contract of this federation.
    error FederationOnlyMiner(address caller);

    /// The caller is not the stake vault.
    error FederationOnlyStakeVault(address caller);

    /// There is no miner at this index, or it leaves already.
    error FederationNoMiner(uint8 index);

    /// The caller is no miner's owner, or its miner has no part in the round that it asks for.
    error FederationNotInSnapshot(address caller, uint32 round);

    /// The account owns a miner here already.
    error FederationAlreadyMiner(address owner);

    /// No place is left for another miner.
    error FederationMinersFull(uint8 maxMiners);

    /// No place is left for another device.
    error FederationDevicesFull(uint16 maxDevices);

    /// Enough devices joined since the last opening.
    error FederationTooManyJoins(uint16 maxJoins);

    /// The ballot names another set of updates.
    error FederationUnexpectedUpdatesRoot(bytes32 expected, bytes32 given);

    /// The ballot must hold one byte for each update.
    error FederationBallotLength(uint256 expected, uint256 given);

    /// The miner voted in this round already.
    error FederationAlreadyVoted(uint32 round, uint8 index);

    /// A field of the header is not what the chain says; `field` is its position in the type `Header`, from 0.
    error FederationHeaderMismatch(uint8 field);

    /// The miner's candidate was rejected in this round already.
    error FederationProposerBarred(uint32 round, uint8 index);

    /// The attestation names another candidate.
    error FederationUnexpectedCandidate(bytes32 expected, bytes32 given);

    /// The miner proposed or attested this candidate already.
    error FederationAlreadyAttested(uint32 round, uint8 index);

    /// The pause of this federation is used up.
    error FederationPauseExhausted(uint32 maxPauseSeconds);

    /// A parameter is out of bounds; `field` is its position in the type `Config`, from 0.
    error FederationInvalidConfig(uint8 field, uint256 value);

    /// A miner joined; it counts from the next opening.
    event MinerJoined(uint8 indexed index, address indexed owner, address miner, string endpoint);

    /// A miner leaves at the next opening.
    event MinerLeaving(uint8 indexed index);

    /// A dormant miner is there again; it counts from the next opening.
    event MinerReturned(uint8 indexed index);

    /// A device is bound to a miner from `fromRound` on.
    event DeviceBound(address indexed device, address indexed miner, uint32 fromRound);

    /// A device is bound to this miner no more.
    event DeviceUnbound(address indexed device, address indexed miner);

    /// A round opened for the miners in `snapshot`, of whom `voters` vote; each weighs its lane, or one without lanes.
    event RoundOpened(uint32 indexed round, uint64 snapshot, uint64 voters, uint256[] lanes, uint40 deadline);

    /// Others came in the place of the voters in `silent`, who are dormant until they return.
    event VotersReplaced(uint32 indexed round, uint64 silent, uint64 voters, uint256[] lanes);

    /// Too few acted before the deadline, so there is a new one.
    event PhaseExtended(uint32 indexed round, Phase phase, uint40 deadline);

    /// The updates of the round are fixed.
    event TrainingClosed(uint32 indexed round, bytes32 updatesRoot, uint32 updates, uint40 deadline);

    /// A miner's ballot: one byte for each update, in update order.
    event BallotCast(uint32 indexed round, uint8 indexed index, bytes32 updatesRoot, bytes verdicts);

    /// The ballots of the round are fixed; miners in `absent` are dormant until they return.
    event VerificationClosed(
        uint32 indexed round, bytes32 ballotsRoot, uint64 voted, uint64 absent, uint40 deadline
    );

    /// A candidate block.
    event BlockProposed(
        uint32 indexed round, uint8 indexed index, bytes32 indexed hash, Header header, uint40 deadline
    );

    /// A miner re-derived the candidate and agrees or not.
    event Attested(uint32 indexed round, uint8 indexed index, bytes32 indexed hash, bool approve);

    /// A candidate was dropped.
    event CandidateDropped(uint32 indexed round, uint8 indexed index, bytes32 indexed hash, Drop reason);

    /// Back to Mining, or Mining again with an easier proof.
    event MiningReopened(uint32 indexed round, uint40 deadline);

    /// A block was appended.
    event BlockFinalized(uint32 indexed round, uint32 number, bytes32 indexed hash, uint64 approvals);

    /// The round ends without a block; the model is carried over.
    event RoundSkipped(uint32 indexed round, Phase phase);

    /// Deadlines stand still.
    event FederationPaused(uint40 at);

    /// Deadlines move again.
    event FederationUnpaused(uint40 at, uint40 deadline);

    /// Another consensus module decides from the opening of `fromRound` on.
    event ConsensusChangeAnnounced(address indexed module, bytes parameters, uint32 fromRound);

    /// The module announced took over.
    event ConsensusChanged(uint32 indexed round, address indexed module);

    /// The module announced refused; the former one stays.
    event ConsensusChangeFailed(uint32 indexed round, address indexed module);

    /// The governor lets a miner go at the end of the round after the running one.
    event MinerExpelled(uint8 indexed index);

    /// The federation closes at the end of the round.
    event FederationClosing(uint32 round);

    /// No round follows.
    event FederationClosed(uint32 round, uint32 height, bytes32 head);
}
