// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IFederationSigns} from "../interfaces/IFederationSigns.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Member, Phase, Status} from "../interfaces/Types.sol";
import {FederationConfig} from "../libraries/FederationConfig.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";

/// What a federation keeps: O(miners) slots and one hash for each block. Fields that change together share a slot.
abstract contract FederationStorage is IFederationSigns, ReentrancyGuardTransient {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// What every call reads: in one slot, so that a submission costs one read here.
    struct Clock {
        Status status;
        Phase phase;
        uint8 extensions;
        uint8 candidates;
        uint8 proposer;
        bool closing;
        uint32 round;
        uint40 deadline;
        uint64 snapshot;
        /// Those of the snapshot whose word counts.
        uint64 voters;
        /// Whether the consensus module weighs them; else each weighs one.
        bool weighted;
    }

    /// Who is in.
    struct Membership {
        uint64 members;
        uint64 leaving;
        uint64 dormant;
        uint16 devices;
        uint16 joins;
        /// Whether a module was announced, and whether miners were expelled of whom some may not have left.
        bool announced;
        bool expelled;
        /// How many devices left their miner since the last opening; the highest value: nobody knows.
        uint8 unbound;
    }

    /// Written at the opening, and by each ballot.
    struct Ballots {
        uint64 voted;
        uint64 barred;
        uint40 openedAt;
        uint40 pausedAt;
        uint32 pausedSeconds;
        uint8 modelCodec;
        uint8 candidateCodec;
    }

    /// Written by each attestation.
    struct Attestations {
        uint64 approvals;
        uint64 rejections;
        uint32 updates;
        uint32 height;
        /// Seconds from Mining's opening to the candidate.
        uint32 elapsed;
        /// The round of the last block; 0 before the first.
        uint32 lastBlock;
    }

    /// What the governor announced.
    struct Announced {
        IConsensus consensus;
        uint32 fromRound;
        bytes parameters;
    }

    /// Miners that the governor lets go: at the end of the running round, and of the one after it.
    struct Expelled {
        uint64 now_;
        uint64 later;
    }

    /// In slots that the first round writes and no view shows before: a new slot costs whoever fills it 17,100 gas more.
    bytes32 internal constant NOTHING_YET = bytes32(uint256(1));

    Clock internal _clock;
    Membership internal _membership;
    Ballots internal _ballots;
    Attestations internal _attestations;

    FederationConfig.State internal _config;
    address internal _requester;
    // slither-disable-next-line uninitialized-state: written by `Federation` or its extension
    address internal _factory;
    // slither-disable-next-line uninitialized-state: written by `Federation` or its extension
    IStakeVault internal _stakeVault;
    // slither-disable-next-line uninitialized-state: written by `Federation` or its extension
    IRewardVault internal _rewardVault;
    Announced internal _announced;
    Expelled internal _expelled;

    bytes32 internal _updatesRoot;
    bytes32 internal _ballotsRoot;
    /// The digests of the global model, at the parity of the height, and of the candidate's or an earlier one.
    bytes32[2] internal _models;
    /// What the voters weigh, if the consensus module weighs them.
    uint256[4] internal _lanes;

    /// The block of each round, at 0 the genesis. The running round's is its candidate, if it has one.
    mapping(uint32 round => bytes32) internal _blocks;
    /// The hash of each miner's last ballot.
    // slither-disable-next-line uninitialized-state: written by `Federation` or its extension
    mapping(uint8 index => bytes32) internal _ballotHashes;
    mapping(uint8 index => Member) internal _members;
    /// A member's index plus one, by its owner and by its contract.
    mapping(address owner => uint8) internal _placeOfOwner;
    mapping(address miner => uint8) internal _placeOfMiner;
    // slither-disable-next-line uninitialized-state: written by `Federation` or its extension
    mapping(address device => address) internal _minerOf;

    /// Not paused, not closed.
    modifier whenOpen() {
        _requireOpen();
        _;
    }

    // slither-disable-next-line incorrect-equality: a status, a phase, a mask or a count; no time
    function _requireOpen() internal view {
        Status status = _clock.status;
        if (status == Status.Paused || status == Status.Closed) revert FederationUnexpectedStatus(status);
    }

    /// The place of the member that the caller owns.
    function _requireOwner() internal view returns (uint8 index) {
        uint8 place = _placeOfOwner[msg.sender];
        if (place == 0) revert FederationNotInSnapshot(msg.sender, _clock.round);
        return place - 1;
    }

    /// The hash of the last block.
    function _head() internal view returns (bytes32) {
        return _blocks[_attestations.lastBlock];
    }

    /// What the voters in `mask` weigh together.
    function _weigh(uint64 mask) internal view returns (uint256) {
        return _clock.weighted ? _lanes.load(mask & _clock.voters).sum() : mask.count();
    }

    /// A device leaves its miner.
    function _countUnbound() internal {
        uint8 unbound = _membership.unbound;
        if (unbound != type(uint8).max) _membership.unbound = unbound + 1;
    }

    /// Count a dormant miner as back, if it has the stake.
    function _wake(uint8 index) internal {
        uint64 dormant = _membership.dormant;
        if (!dormant.has(index)) return;
        if (address(_stakeVault) != address(0) && !_stakeVault.isSufficient(_members[index].owner)) return;
        _membership.dormant = dormant & ~MaskLib.bit(index);
        emit MinerReturned(index);
    }
}
