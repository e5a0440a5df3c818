// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {LaneLib} from "../libraries/LaneLib.sol";
import {MaskLib} from "../libraries/MaskLib.sol";
import {ScheduledConsensus} from "./ScheduledConsensus.sol";

/// A miner's word weighs the reputation that the blocks give it (docs/SPECIFICATION.md, K8). The chain keeps it within
/// its bounds; that a block derives it as it must is for those who attest.
contract ProofOfReputation is ScheduledConsensus {
    using LaneLib for uint256[4];
    using MaskLib for uint64;

    /// What the chain needs of the parameters.
    struct Bounds {
        uint16 start;
        uint16 cap;
    }

    uint256 private constant MAX_CAP = 2 ** 15 - 1;
    uint256 private constant MAX_DECAY = 1000;

    mapping(address federation => Bounds) private _bounds;

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "por";
    }

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata parameters) public pure override {
        if (parameters.length != 192) revert ConsensusInvalidParameters(parameters);
        uint256[6] memory terms = abi.decode(parameters, (uint256[6]));
        (uint256 start, uint256 cap, uint256 decay) = (terms[0], terms[1], terms[2]);
        bool sound = cap <= MAX_CAP && start != 0 && start <= cap && decay <= MAX_DECAY;
        if (!sound || terms[3] > cap || terms[4] > cap || terms[5] > cap) {
            revert ConsensusInvalidParameters(parameters);
        }
    }

    function _configure(Schedule storage self, bytes calldata parameters) internal override {
        (uint16 start, uint16 cap,,,,) =
            abi.decode(parameters, (uint16, uint16, uint16, uint16, uint16, uint16));
        _bounds[msg.sender] = Bounds(start, cap);
        self.joined = type(uint64).max;
    }

    function _open(Schedule storage self, uint64 snapshot) internal override returns (uint64 voters) {
        uint64 joined = self.joined;
        if (joined & snapshot != 0) {
            self.joined = joined & ~snapshot;
            self.lanes.merge(LaneLib.filled(joined & snapshot, _bounds[msg.sender].start), joined & snapshot);
        }
        _lower(self);
        return snapshot;
    }

    /// As many words as the snapshot needs; within them one to the cap for its miners, nothing for others.
    function _fits(Schedule storage self, uint256[] calldata next) internal view override returns (bool) {
        uint64 voters = self.voters;
        uint256 cap = _bounds[msg.sender].cap;
        (bool shaped, uint256[4] memory words) = LaneLib.read(next, voters);
        if (!shaped) return false;
        for (uint8 i; voters >> i != 0; ++i) {
            if (!voters.has(i)) continue;
            uint256 lane = words.get(i);
            if (lane == 0 || lane > cap) return false;
        }
        return true;
    }

    /// Who joined or was slashed since the opening has nothing of the block.
    function _finalize(Schedule storage self, uint32 round) internal override {
        uint64 voters = self.voters;
        self.lanes.merge(self.next.load(voters), voters & ~self.joined & ~self.slashed);
        _lower(self);
        emit LanesChanged(msg.sender, round, self.lanes.load(voters).trimmed());
    }

    function _join(Schedule storage self, uint8 index) internal override {
        (self.joined, self.slashed) = (self.joined | MaskLib.bit(index), self.slashed & ~MaskLib.bit(index));
        emit WeightChanged(msg.sender, index, _bounds[msg.sender].start);
    }

    function _slash(Schedule storage self, uint8 index) internal override {
        (self.joined, self.slashed) = (self.joined & ~MaskLib.bit(index), self.slashed | MaskLib.bit(index));
        emit WeightChanged(msg.sender, index, 1);
    }

    function _standing(address, Schedule storage self) internal view override returns (uint64) {
        return ~self.joined;
    }

    /// The reputation of the slashed is one.
    function _lower(Schedule storage self) private {
        uint64 slashed = self.slashed;
        if (slashed == 0) return;
        self.slashed = 0;
        self.lanes.merge(LaneLib.filled(slashed, 1), slashed);
    }
}
