// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "./IConsensus.sol";
import {IMembershipPolicy} from "./IMembershipPolicy.sol";

/// A CIDv1 over sha2-256: the digest, and the codec (0x55 raw, 0x70 dag-pb).
struct Cid {
    bytes32 digest;
    uint8 codec;
}

/// What a federation is created with. Bounds are checked by `FederationConfig.check` and listed in docs/SPECIFICATION.md (C).
struct Config {
    Cid manifest;
    Cid model;
    IConsensus consensus;
    bytes consensusParameters;
    uint32 rounds;
    uint8 minMiners;
    uint8 maxMiners;
    uint16 minDevices;
    uint16 maxDevices;
    uint16 minUpdates;
    uint16 maxJoins;
    uint8 silentRounds;
    uint32 trainingSeconds;
    uint32 verificationSeconds;
    uint32 fetchSeconds;
    uint32 miningSeconds;
    uint32 attestationSeconds;
    uint8 maxExtensions;
    uint8 maxCandidates;
    uint32 maxPauseSeconds;
    uint32 maxModelBytes;
    uint8 confirmations;
    /// The zero address: anyone may join.
    IMembershipPolicy policy;
    bytes policyParameters;
}

/// What members stake. All zero: nothing, and the federation has no `StakeVault`.
struct StakeTerms {
    /// An ERC-20; zero for ether.
    address token;
    /// The least that a miner stakes.
    uint128 minimum;
    /// What one unit of weight costs where weight is stake.
    uint128 unit;
    /// How long after the last round of a duty evidence of an offence may be brought.
    uint32 evidenceSeconds;
    /// Slashed of an offender's stake, in 1/10,000.
    uint16 rejectedBps;
    uint16 equivocationBps;
    uint16 absenceBps;
    /// Every so many absences are an offence; 0 for never.
    uint8 absences;
    /// Of what is slashed for equivocation, the reporter's share in 1/10,000.
    uint16 reporterBps;
}

/// What the requester pays. All zero: nothing, and the federation has no `RewardVault`.
struct RewardTerms {
    /// An ERC-20; zero for ether.
    address token;
    /// The most that one round costs.
    uint128 perRound;
    /// How that is split, in 1/10,000; 10,000 together.
    uint16 dataBps;
    uint16 proposerBps;
    uint16 ballotBps;
    uint16 attesterBps;
    /// How long after the end earnings may be claimed.
    uint32 claimSeconds;
}

/// What a miner is slashed for.
enum Offence {
    RejectedCandidate,
    Equivocation,
    Absence
}

/// The life of one round. `Pending` until it opens; `Finalized` or `Skipped` for ever after.
enum Phase {
    Pending,
    Training,
    Verification,
    Mining,
    Attestation,
    Finalized,
    Skipped
}

/// The life of a federation. `Waiting`: no round is open, too few members, or `tick` is due.
enum Status {
    Waiting,
    Running,
    Paused,
    Closed
}

/// Why a candidate block was dropped.
enum Drop {
    Rejected,
    Undecided,
    TimedOut
}

/// Everything that moves, in one read. Sets of miners are bit masks over their indices.
struct State {
    Status status;
    Phase phase;
    uint32 round;
    uint40 openedAt;
    uint40 deadline;
    uint8 extensions;
    uint8 candidates;
    uint64 members;
    uint64 leaving;
    uint64 dormant;
    uint64 snapshot;
    uint64 voters;
    uint64 voted;
    uint64 barred;
    uint64 approvals;
    uint64 rejections;
    uint32 updates;
    bytes32 updatesRoot;
    bytes32 ballotsRoot;
    bytes32 candidate;
    uint8 proposer;
    uint32 height;
    bytes32 head;
    Cid model;
    uint16 devices;
    uint16 joins;
    uint40 pausedAt;
    uint32 pausedSeconds;
    bool closing;
}

/// A miner of a federation: who signs, and the contract that keeps its pool.
struct Member {
    address owner;
    address miner;
}

/// What a device says of its local update; the miner's contract and the sender complete the record (EIP-712 type `Update`).
struct UpdateClaim {
    uint32 round;
    bytes32 digest;
    uint8 codec;
    uint32 samples;
    uint32 epochs;
    uint64 computeUs;
    int64 lossBefore;
    int64 lossAfter;
}

/// The header of an FL block (EIP-712 type `Header`); its struct hash links the chain of blocks.
struct Header {
    uint32 number;
    bytes32 parent;
    uint32 round;
    bytes32 updatesRoot;
    bytes32 ballotsRoot;
    bytes32 acceptedRoot;
    Cid body;
    Cid model;
    /// The root over what each account has earned so far by the tables of all blocks (StandardMerkleTree).
    bytes32 rewardsRoot;
    /// What this block grants.
    uint128 rewardsTotal;
    /// The lanes that the consensus module takes for the next round.
    uint256[] weights;
    address proposer;
    bytes proof;
}
