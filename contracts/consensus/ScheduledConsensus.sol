// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IScheduledConsensus} from "../interfaces/IScheduledConsensus.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {ScheduleLib} from "../libraries/ScheduleLib.sol";

/// What the modules that take turns share (docs/SPECIFICATION.md, K5): the seed, the voters of the round and what they
/// weigh, and whose turn it is. A round's weights are fixed at its opening; a module says what they are, and what a
/// header may make of them.
abstract contract ScheduledConsensus is IScheduledConsensus {
    using LaneLib for uint256[4];

    /// One federation's.
    struct Schedule {
        bytes32 seed;
        uint64 voters;
        /// Places that were taken since the opening, or whose miner was in no snapshot yet.
        uint64 joined;
        /// Places whose miner was slashed since the opening.
        uint64 slashed;
        bool configured;
        uint256[4] lanes;
        /// The weights of the last header proposed.
        uint256[4] next;
    }

    mapping(address federation => Schedule) private _schedules;

    /// @inheritdoc IConsensus
    function configure(bytes calldata parameters) external {
        validate(msg.sender, parameters);
        delete _schedules[msg.sender];
        Schedule storage self = _schedules[msg.sender];
        self.configured = true;
        _configure(self, parameters);
        emit ConsensusConfigured(msg.sender, parameters);
    }

    /// @inheritdoc IConsensus
    function open(uint32 round, uint64 snapshot, bytes32 head)
        external
        returns (uint64 voters, uint256[] memory)
    {
        Schedule storage self = _scheduleOf(msg.sender);
        bytes32 seed_ = ScheduleLib.seed(round, self.seed, head);
        self.seed = seed_;
        voters = _open(self, snapshot);
        self.voters = voters;
        emit ScheduleSeeded(msg.sender, round, seed_);
        return (voters, _weights(self, voters).trimmed());
    }

    /// @inheritdoc IConsensus
    function replace(uint32, uint64 silent) external returns (uint64 voters, uint256[] memory) {
        Schedule storage self = _scheduleOf(msg.sender);
        voters = _replace(self, silent);
        return (voters, _weights(self, voters).trimmed());
    }

    /// @inheritdoc IConsensus
    function propose(Claim calldata claim, bytes calldata proof, uint256[] calldata next) external {
        Schedule storage self = _scheduleOf(msg.sender);
        if (proof.length != 0) revert ConsensusInvalidProof(claim.round, claim.miner);
        (uint8 index, bool any) = _proposer(self, claim.turn, claim.eligible);
        if (!any || index != claim.index) revert ConsensusNotYourTurn(claim.round, claim.index, claim.turn);
        if (!_fits(self, next)) revert ConsensusInvalidWeights(next);
        for (uint256 i; i < next.length; ++i) {
            self.next[i] = next[i];
        }
    }

    /// @inheritdoc IConsensus
    function onFinalized(uint32 round, uint256) external {
        _finalize(_scheduleOf(msg.sender), round);
    }

    /// @inheritdoc IConsensus
    function onTimeout(uint32) external view {
        _scheduleOf(msg.sender);
    }

    /// @inheritdoc IConsensus
    function onJoined(uint8 index) external {
        _join(_scheduleOf(msg.sender), index);
    }

    /// @inheritdoc IConsensus
    function onSlashed(uint32, uint8 index) external {
        _slash(_scheduleOf(msg.sender), index);
    }

    /// @inheritdoc IConsensus
    function weigh(uint64 mask) external view returns (uint256) {
        Schedule storage self = _schedules[msg.sender];
        return _weights(self, mask & self.voters).sum();
    }

    /// @inheritdoc IScheduledConsensus
    function seed(address federation) external view returns (bytes32) {
        return _schedules[federation].seed;
    }

    /// @inheritdoc IScheduledConsensus
    function order(address federation) external view returns (uint8[] memory) {
        Schedule storage self = _schedules[federation];
        return ScheduleLib.order(self.seed, self.voters, _weights(self, self.voters));
    }

    /// @inheritdoc IScheduledConsensus
    function proposer(address federation, uint8 turn, uint64 eligible)
        external
        view
        returns (uint8 index, bool any)
    {
        return _proposer(_schedules[federation], turn, eligible);
    }

    /// @inheritdoc IScheduledConsensus
    function lanes(address federation) external view returns (uint256[] memory) {
        Schedule storage self = _schedules[federation];
        return self.lanes.load(_standing(federation, self)).trimmed();
    }

    /// @inheritdoc IConsensus
    function validate(address federation, bytes calldata parameters) public view virtual;

    /// Take `parameters` in, which are valid; nothing of a former time is left in `self`.
    function _configure(Schedule storage self, bytes calldata parameters) internal virtual {}

    /// A round opens: who votes.
    function _open(Schedule storage self, uint64 snapshot) internal virtual returns (uint64 voters);

    /// Who votes after those in `silent` let a deadline pass: here, nobody stands by.
    function _replace(Schedule storage self, uint64) internal virtual returns (uint64 voters) {
        return self.voters;
    }

    /// Whether a header may say `next`.
    function _fits(Schedule storage self, uint256[] calldata next) internal view virtual returns (bool);

    /// The last header proposed is a block.
    function _finalize(Schedule storage self, uint32 round) internal virtual {}

    /// Another miner has the place `index`.
    function _join(Schedule storage self, uint8 index) internal virtual {}

    /// The miner at `index` is slashed.
    function _slash(Schedule storage self, uint8 index) internal virtual {}

    /// What the voters in `mask` weigh: here, what their lanes say. None of them zero, whatever they say.
    function _weights(Schedule storage self, uint64 mask)
        internal
        view
        virtual
        returns (uint256[4] memory words)
    {
        words = self.lanes.load(mask);
        words.atLeastOne(mask);
    }

    /// Whose lanes stand.
    function _standing(address, Schedule storage self) internal view virtual returns (uint64);

    function _proposer(Schedule storage self, uint8 turn, uint64 eligible)
        private
        view
        returns (uint8, bool)
    {
        uint64 voters = self.voters;
        return ScheduleLib.proposer(self.seed, voters, _weights(self, voters), turn, eligible);
    }

    function _scheduleOf(address federation) private view returns (Schedule storage self) {
        self = _schedules[federation];
        if (!self.configured) revert ConsensusNotConfigured(federation);
    }
}
