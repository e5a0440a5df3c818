// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Config, Drop, Header, Member, Phase, State, Status} from "./Types.sol";

/// One task learned together: membership, the phases of each round, and the chain of FL blocks.
interface IFederation {
    /// A call came in the wrong phase of `round`.
    error FederationUnexpectedPhase(uint32 round, Phase current, Phase expected);
    /// A call came in the wrong status.
    error FederationUnexpectedStatus(Status current);
    /// The call speaks of `given`, the federation is in `current`.
    error FederationUnexpectedRound(uint32 current, uint32 given);
    /// `tick` has nothing to do before `deadline`.
    error FederationNothingDue(uint32 round, Phase phase, uint40 deadline);
    /// The caller is not the requester.
    error FederationOnlyRequester(address caller);
    /// The caller is not the factory.
    error FederationOnlyFactory(address caller);
    /// The caller is no miner contract of this federation.
    error FederationOnlyMiner(address caller);
    /// The caller is no miner's owner, or its miner is not in the snapshot of the round.
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
    /// A round opened for the miners in `snapshot`.
    event RoundOpened(uint32 indexed round, uint64 snapshot, uint40 deadline);
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
    /// The federation closes at the end of the round.
    event FederationClosing(uint32 round);
    /// No round follows.
    event FederationClosed(uint32 round, uint32 height, bytes32 head);

    /// What the federation was created with.
    function config() external view returns (Config memory);

    /// Who created the federation.
    function requester() external view returns (address);

    /// The factory that cloned the federation.
    function factory() external view returns (address);

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

    /// The header hash that ended `round`; zero when it was skipped or is not over.
    function blockOf(uint32 round) external view returns (bytes32);

    /// The hash of a miner's ballot in the current round; zero before it voted.
    function ballotOf(uint8 index) external view returns (bytes32);

    /// The parent of block 1.
    function genesis() external view returns (bytes32);

    /// Revert unless the miner at `index` takes updates of `round` in now; called by miner contracts.
    function requireTraining(uint32 round, uint8 index) external view;

    /// The last round that opened.
    function currentRound() external view returns (uint32);

    /// Set up a clone; once, by the factory.
    function initialize(address requester, Config calldata config) external;

    /// Take a miner in; by the factory, which just cloned it.
    function addMiner(address owner, address miner, string calldata endpoint) external returns (uint8 index);

    /// The calling owner's miner leaves at the next opening.
    function leave() external;

    /// The calling owner's miner, dormant so far, counts again from the next opening.
    function checkIn() external;

    /// Bind `device` to the calling miner contract, releasing it from the one before.
    function bindDevice(address device) external returns (uint32 fromRound);

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

    /// The requester stops the deadlines.
    function pause() external;

    /// The requester, or anyone once the pause is used up, starts the deadlines again.
    function unpause() external;

    /// The requester ends the federation at the round boundary.
    function close() external;
}
