// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../interfaces/IConsensus.sol";
import {IProofOfWork} from "../interfaces/IProofOfWork.sol";
import {MaskLib} from "../libraries/MaskLib.sol";

/// Miners race for a nonce (docs/SPECIFICATION.md, W). Nobody can start before the ballots are in, because the
/// seed holds their root.
contract ProofOfWork is IProofOfWork {
    using MaskLib for uint64;

    /// The puzzle of one federation. Difficulty 0: not configured.
    struct Puzzle {
        uint64 difficulty;
        uint32 targetSeconds;
    }

    uint256 private constant MAX_DIFFICULTY = 2 ** 48;
    uint256 private constant MAX_TARGET_SECONDS = 1 days;
    /// The most that one step changes the difficulty by, in either direction.
    uint256 private constant MAX_STEP = 4;

    mapping(address federation => Puzzle) private _puzzles;

    /// @inheritdoc IConsensus
    function configure(bytes calldata parameters) external {
        _puzzles[msg.sender] = _parse(parameters);
        emit ConsensusConfigured(msg.sender, parameters);
    }

    /// @inheritdoc IConsensus
    function onFinalized(uint32 round, uint256 elapsed) external {
        Puzzle memory puzzle = _puzzleOf(msg.sender);
        uint256 former = puzzle.difficulty;
        uint256 next = former * puzzle.targetSeconds / (elapsed == 0 ? 1 : elapsed);
        if (next > former * MAX_STEP) next = former * MAX_STEP;
        if (next < former / MAX_STEP) next = former / MAX_STEP;
        _change(round, former, next);
    }

    /// @inheritdoc IConsensus
    function onTimeout(uint32 round) external {
        uint256 former = _puzzleOf(msg.sender).difficulty;
        _change(round, former, former / MAX_STEP);
    }

    /// @inheritdoc IConsensus
    function onJoined(uint8 index) external {}

    /// @inheritdoc IConsensus
    function onSlashed(uint32 round, uint8 index) external {}

    /// @inheritdoc IConsensus
    function open(uint32, uint64 snapshot, bytes32) external pure returns (uint64, uint256[] memory) {
        return (snapshot, new uint256[](0));
    }

    /// @inheritdoc IConsensus
    function replace(uint32, uint64 silent) external pure returns (uint64, uint256[] memory) {
        return (silent, new uint256[](0));
    }

    /// @inheritdoc IConsensus
    function weigh(uint64 mask) external pure returns (uint256) {
        return mask.count();
    }

    /// @inheritdoc IConsensus
    function validate(address, bytes calldata parameters) external pure {
        _parse(parameters);
    }

    /// @inheritdoc IConsensus
    function propose(Claim calldata claim, bytes calldata proof, uint256[] calldata next) external view {
        if (next.length != 0) revert ConsensusInvalidWeights(next);
        uint256 target = type(uint256).max / _puzzleOf(msg.sender).difficulty;
        if (proof.length != 32) revert ConsensusInvalidProof(claim.round, claim.miner);
        uint256 nonce = abi.decode(proof, (uint256));
        uint256 hash = uint256(keccak256(abi.encode(seed(msg.sender, claim), nonce)));
        if (hash > target) revert ConsensusInvalidProof(claim.round, claim.miner);
    }

    /// @inheritdoc IProofOfWork
    function difficulty(address federation) external view returns (uint64) {
        return _puzzles[federation].difficulty;
    }

    /// @inheritdoc IConsensus
    function name() external pure returns (string memory) {
        return "pow";
    }

    /// @inheritdoc IProofOfWork
    function seed(address federation, Claim calldata claim) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                block.chainid,
                federation,
                claim.round,
                claim.parent,
                claim.updatesRoot,
                claim.ballotsRoot,
                claim.miner
            )
        );
    }

    function _parse(bytes calldata parameters) private pure returns (Puzzle memory) {
        if (parameters.length != 64) revert ConsensusInvalidParameters(parameters);
        (uint256 start, uint256 target) = abi.decode(parameters, (uint256, uint256));
        if (start == 0 || start > MAX_DIFFICULTY || target == 0 || target > MAX_TARGET_SECONDS) {
            revert ConsensusInvalidParameters(parameters);
        }
        // forge-lint: disable-next-line(unsafe-typecast): both are within bounds
        return Puzzle(uint64(start), uint32(target));
    }

    function _change(uint32 round, uint256 former, uint256 next) private {
        if (next == 0) next = 1;
        if (next > MAX_DIFFICULTY) next = MAX_DIFFICULTY;
        if (next == former) return;
        // forge-lint: disable-next-line(unsafe-typecast): within the bound
        uint64 changed = uint64(next);
        _puzzles[msg.sender].difficulty = changed;
        emit DifficultyChanged(msg.sender, round, changed);
    }

    function _puzzleOf(address federation) private view returns (Puzzle memory puzzle) {
        puzzle = _puzzles[federation];
        if (puzzle.difficulty == 0) revert ConsensusNotConfigured(federation);
    }
}
