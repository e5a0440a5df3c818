// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Who may propose the block of a round. One deployed module serves many federations and keys its state by `msg.sender`.
interface IConsensus {
    /// What a proof is bound to: it is worth nothing for another round, branch, set of updates or ballots, or miner.
    struct Claim {
        uint32 round;
        bytes32 parent;
        bytes32 updatesRoot;
        bytes32 ballotsRoot;
        address miner;
    }

    /// The calling federation was configured already.
    error ConsensusAlreadyConfigured(address federation);
    /// The calling federation is not configured.
    error ConsensusNotConfigured(address federation);
    /// The parameters are outside the module's bounds.
    error ConsensusInvalidParameters(bytes parameters);
    /// The proof does not entitle this miner to propose.
    error ConsensusInvalidProof(uint32 round, address miner);

    /// The calling federation chose this module with `parameters`.
    event ConsensusConfigured(address indexed federation, bytes parameters);

    /// The module's name, e.g. "pow".
    function name() external pure returns (string memory);

    /// Take the calling federation in.
    function configure(bytes calldata parameters) external;

    /// Revert with `ConsensusInvalidProof` unless `proof` entitles `claim.miner` to propose now.
    function check(Claim calldata claim, bytes calldata proof) external view;

    /// The calling federation finalised a block whose candidate came `elapsed` seconds after Mining opened.
    function onFinalized(uint32 round, uint256 elapsed) external;

    /// Mining of the calling federation timed out.
    function onTimeout(uint32 round) external;
}
