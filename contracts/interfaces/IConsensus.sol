// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// Who may propose the block of a round, and what each miner's word weighs. One deployed module serves many
/// federations and keys its state by `msg.sender`: all but the views are called by the federation.
///
/// Weights are *lanes*: 16 bits for each miner index, lane `i % 16` (from the least significant) of word `i / 16`,
/// no trailing zero words. No lanes at all: every voter weighs one.
interface IConsensus {
    /// What a proof is bound to: it is worth nothing for another round, branch, set of updates or ballots, or miner.
    struct Claim {
        uint32 round;
        bytes32 parent;
        bytes32 updatesRoot;
        bytes32 ballotsRoot;
        address miner;
        /// The miner's index.
        uint8 index;
        /// How often Mining was opened again in this round.
        uint8 turn;
        /// The voters that were not barred.
        uint64 eligible;
    }

    /// The calling federation is not configured.
    error ConsensusNotConfigured(address federation);
    /// The parameters are outside the module's bounds.
    error ConsensusInvalidParameters(bytes parameters);
    /// The proof does not entitle this miner to propose.
    error ConsensusInvalidProof(uint32 round, address miner);
    /// It is another miner's turn.
    error ConsensusNotYourTurn(uint32 round, uint8 index, uint8 turn);
    /// The weights of a header have not the form that the module wants.
    error ConsensusInvalidWeights(uint256[] weights);

    /// The calling federation chose this module with `parameters`.
    event ConsensusConfigured(address indexed federation, bytes parameters);

    /// The module's name, e.g. "pow".
    function name() external pure returns (string memory);

    /// Revert with `ConsensusInvalidParameters` unless `federation` could be configured with `parameters`.
    function validate(address federation, bytes calldata parameters) external view;

    /// Take the calling federation in, or take it in anew: nothing of a former time is left.
    function configure(bytes calldata parameters) external;

    /// Round `round` of the calling federation opens for the miners in `snapshot`, after the block `head`: who votes,
    /// and their lanes.
    function open(uint32 round, uint64 snapshot, bytes32 head)
        external
        returns (uint64 voters, uint256[] memory lanes);

    /// What the voters in `mask` weigh together in the calling federation's round: what their lanes say, as `open` or
    /// `replace` gave them last. The federation itself keeps these.
    function weigh(uint64 mask) external view returns (uint256);

    /// The voters in `silent` let a deadline pass: who votes from now on, and their lanes. The same voters as before
    /// when nobody stands by.
    function replace(uint32 round, uint64 silent) external returns (uint64 voters, uint256[] memory lanes);

    /// Revert unless `proof` entitles `claim.miner` to propose now; keep the `next` weights of its header until
    /// `onFinalized`, or the next proposal.
    function propose(Claim calldata claim, bytes calldata proof, uint256[] calldata next) external;

    /// The calling federation finalised a block whose candidate came `elapsed` seconds after Mining opened.
    function onFinalized(uint32 round, uint256 elapsed) external;

    /// Mining of the calling federation timed out.
    function onTimeout(uint32 round) external;

    /// A miner took the place `index`: whatever the module knew of that place was another's.
    function onJoined(uint8 index) external;

    /// The miner at `index` was slashed.
    function onSlashed(uint32 round, uint8 index) external;
}
