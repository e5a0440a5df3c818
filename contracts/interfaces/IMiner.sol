// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {UpdateClaim} from "./Types.sol";

/// A miner's contract in one federation: its endpoint, its devices and the pool of the current round.
interface IMiner {
    /// The caller is not the miner's owner.
    error MinerOnlyOwner(address caller, address owner);
    /// The caller is not the federation.
    error MinerOnlyFederation(address caller);
    /// The device is not bound to this miner.
    error MinerDeviceNotBound(address device);
    /// The device is bound to this miner already.
    error MinerDeviceAlreadyBound(address device);
    /// The device joined too late for this round; it counts from `fromRound`.
    error MinerDeviceNotYetActive(address device, uint32 fromRound, uint32 round);
    /// The device submitted in this round already.
    error MinerDuplicateUpdate(address device, uint32 round);
    /// The commitment to the data set is empty.
    error MinerInvalidCommitment(bytes32 datasetRoot, uint32 datasetSize, uint64 rateNs);
    /// The CID's codec is neither raw nor dag-pb.
    error MinerInvalidCodec(uint8 codec);
    /// The pool of this round is full.
    error MinerPoolFull(uint32 round);
    /// The endpoint is longer than 256 bytes.
    error MinerEndpointTooLong(uint256 length);

    /// A device committed to `datasetSize` samples with Merkle root `datasetRoot` and a calibrated rate of `rateNs`
    /// nanoseconds per sample and epoch, and counts from `fromRound`.
    event DeviceRegistered(
        address indexed device, bytes32 datasetRoot, uint32 datasetSize, uint64 rateNs, uint32 fromRound
    );
    /// A device told that it is there again.
    event DeviceCheckedIn(address indexed device, uint32 round);
    /// A local update: the full record of the EIP-712 type `Update`, and its place in the pool.
    event UpdateSubmitted(
        uint32 indexed round,
        address indexed device,
        uint16 index,
        bytes32 digest,
        uint8 codec,
        uint32 samples,
        uint32 epochs,
        uint64 computeUs,
        int64 lossBefore,
        int64 lossAfter
    );
    /// Where the miner's HTTP API answers.
    event EndpointChanged(string endpoint);

    /// The federation this miner serves.
    function federation() external view returns (address);

    /// Who signs for the miner.
    function owner() external view returns (address);

    /// The miner's bit in every mask of the federation.
    function index() external view returns (uint8);

    /// Where the miner's HTTP API answers; may be empty.
    function endpoint() external view returns (string memory);

    /// The running hash and length of the pool of `round`, and how many counting devices have not submitted in it yet.
    function pool(uint32 round) external view returns (bytes32 head, uint16 count, uint16 outstanding);

    /// The first round in which `device` may submit (0 if not bound), and when it was last seen and last submitted.
    function deviceOf(address device) external view returns (uint32 fromRound, uint32 seen, uint32 submitted);

    /// Set up a clone; once, by the factory.
    function initialize(address federation, address owner, uint8 index, string calldata endpoint) external;

    /// The owner moves its API.
    function setEndpoint(string calldata endpoint) external;

    /// The caller joins the federation as a device of this miner, or re-binds to it; takes effect at the next opening.
    /// `evidence` is for the federation's policy.
    function registerDevice(bytes32 datasetRoot, uint32 datasetSize, uint64 rateNs, bytes calldata evidence)
        external;

    /// The calling device leaves the federation.
    function leave() external;

    /// The calling device, silent so far, counts again from the next opening.
    function checkIn() external;

    /// The calling device posts the commitment to its local update.
    function submitUpdate(UpdateClaim calldata claim) external;

    /// The federation re-binds `device` elsewhere.
    function release(address device) external;

    /// The federation pauses: it must be asked before another update is taken.
    function suspend() external;

    /// The miner left the federation, which may give its index to another.
    function retire() external;
}
