// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {ScheduledConsensus} from "./ScheduledConsensus.sol";

/// A committee votes for all, made of those who trained best for the last block; the others stand by
/// (docs/SPECIFICATION.md, K9). A lane is 1 for a member, and 2^15 plus its rank for one that stands by.
contract CommitteeConsensus is ScheduledConsensus {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// What there is beside the schedule.
    struct Committee {
        uint64 snapshot;
        /// Those that were replaced in this round.
        uint64 gone;
        /// The snapshot of the last block, less those that joined or were slashed since: whose lanes stand.
        uint64 standing;
        uint8 size;
    }

    uint256 private constant MAX_SIZE = 64;
    uint256 private constant FIRST_RANK = 2 ** 15;

    mapping(address federation => Committee) private _committees;

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "committee";
    }

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata parameters) public pure override {
        if (parameters.length != 32) revert ConsensusInvalidParameters(parameters);
        uint256 size = abi.decode(parameters, (uint256));
        if (size == 0 || size > MAX_SIZE) revert ConsensusInvalidParameters(parameters);
    }

    function _configure(Schedule storage, bytes calldata parameters) internal override {
        _committees[msg.sender] = Committee(0, 0, 0, abi.decode(parameters, (uint8)));
    }

    function _open(Schedule storage self, uint64 snapshot) internal override returns (uint64 voters) {
        Committee storage committee = _committees[msg.sender];
        uint64 standing = _standing(msg.sender, self);
        (self.joined, self.slashed) = (0, 0);
        (committee.snapshot, committee.gone, committee.standing) = (snapshot, 0, standing);
        uint256[4] memory words = self.lanes.load(snapshot & standing);
        uint256 places = committee.size;
        uint64 left = snapshot & standing;
        for (uint8 i; left >> i != 0 && places != 0; ++i) {
            if (!left.has(i) || words.get(i) != 1) continue;
            voters |= MaskLib.bit(i);
            --places;
        }
        for (left = snapshot & ~voters; left != 0 && places != 0; --places) {
            uint64 bit = MaskLib.bit(_first(words, left, standing));
            voters |= bit;
            left &= ~bit;
        }
    }

    function _replace(Schedule storage self, uint64 silent) internal override returns (uint64 voters) {
        Committee storage committee = _committees[msg.sender];
        (uint64 gone, uint64 standing) = (committee.gone, _standing(msg.sender, self));
        voters = self.voters;
        uint64 left = committee.snapshot & ~voters & ~gone & ~silent;
        silent &= voters;
        uint256[4] memory words = self.lanes.load(left & standing);
        for (uint8 i; left != 0 && silent >> i != 0; ++i) {
            if (!silent.has(i)) continue;
            uint64 bit = MaskLib.bit(_first(words, left, standing));
            left &= ~bit;
            voters = (voters | bit) & ~MaskLib.bit(i);
            gone |= MaskLib.bit(i);
        }
        (self.voters, committee.gone) = (voters, gone);
    }

    /// As many words as the snapshot needs; within them `size` members, or all if they are fewer, and the ranks from 0
    /// on, each once; nothing for others.
    function _fits(Schedule storage, uint256[] calldata next) internal view override returns (bool) {
        Committee memory committee = _committees[msg.sender];
        (bool shaped, uint256[4] memory words) = LaneLib.read(next, committee.snapshot);
        if (!shaped) return false;
        uint256 miners = committee.snapshot.count();
        (uint256 members, uint256 ranks) = (0, 0);
        for (uint8 i; committee.snapshot >> i != 0; ++i) {
            if (!committee.snapshot.has(i)) continue;
            uint256 lane = words.get(i);
            if (lane == 1) ++members;
            else if (lane < FIRST_RANK) return false;
            else ranks |= uint256(1) << (lane - FIRST_RANK);
        }
        // The others are as many as these ranks, so that each rank is one's.
        return members == (miners < committee.size ? miners : committee.size)
            && ranks == (uint256(1) << (miners - members)) - 1;
    }

    /// Who joined or was slashed since the opening has nothing of the block.
    function _finalize(Schedule storage self, uint32 round) internal override {
        Committee storage committee = _committees[msg.sender];
        uint64 standing = committee.snapshot & ~self.joined & ~self.slashed;
        self.lanes.merge(self.next.load(standing), standing);
        (self.joined, self.slashed, committee.standing) = (0, 0, standing);
        emit LanesChanged(msg.sender, round, self.lanes.load(standing).trimmed());
    }

    function _join(Schedule storage self, uint8 index) internal override {
        self.joined |= MaskLib.bit(index);
        emit WeightChanged(msg.sender, index, 0);
    }

    function _slash(Schedule storage self, uint8 index) internal override {
        self.slashed |= MaskLib.bit(index);
        emit WeightChanged(msg.sender, index, 0);
    }

    /// Members weigh one each.
    function _weights(Schedule storage, uint64 mask) internal pure override returns (uint256[4] memory) {
        return LaneLib.filled(mask, 1);
    }

    function _standing(address federation, Schedule storage self) internal view override returns (uint64) {
        return _committees[federation].standing & ~self.joined & ~self.slashed;
    }

    /// Who of `left`, which is not empty, comes first: by lane, and after all who have one, by index.
    function _first(uint256[4] memory words, uint64 left, uint64 standing)
        private
        pure
        returns (uint8 first)
    {
        uint64 ranked = left & standing;
        if (ranked == 0) return (~left).lowestFree();
        uint256 least = type(uint256).max;
        for (uint8 i; ranked >> i != 0; ++i) {
            if (!ranked.has(i)) continue;
            uint256 lane = words.get(i);
            if (lane < least) (first, least) = (i, lane);
        }
    }
}
