// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

import {IFederation} from "../interfaces/IFederation.sol";
import {IFederationSigns} from "../interfaces/IFederationSigns.sol";
import {IMiner} from "../interfaces/IMiner.sol";
import {State, Status, UpdateClaim} from "../interfaces/Types.sol";
import {CidLib} from "../libraries/CidLib.sol";
import {Device, DeviceLib} from "../libraries/DeviceLib.sol";
import {PoolLib} from "../libraries/PoolLib.sol";
import {UpdateLib} from "../libraries/UpdateLib.sol";

/// Cloned by the factory for each miner of a federation. An update costs three slots written; its record lives in the
/// event alone. The federation is asked whether its Training goes on by the first update of a round, and again where
/// the pool itself cannot tell.
contract Miner is IMiner, Initializable {
    using PoolLib for PoolLib.State;
    using PoolLib for uint256;

    uint256 private constant MAX_ENDPOINT_BYTES = 256;
    /// The index of a miner that left: in no mask.
    uint8 private constant NOWHERE = type(uint8).max;

    PoolLib.State private _pool;
    address private _federation;
    address private _owner;
    string private _endpoint;
    mapping(address account => Device) private _devices;

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IMiner
    function initialize(address federation_, address owner_, uint8 index_, string calldata endpoint_)
        external
        initializer
    {
        _checkEndpoint(endpoint_);
        _federation = federation_;
        _owner = owner_;
        _endpoint = endpoint_;
        _pool.initialize(index_, IFederation(federation_).config().silentRounds);
    }

    /// @inheritdoc IMiner
    function setEndpoint(string calldata endpoint_) external {
        _requireOpen();
        if (msg.sender != _owner) revert MinerOnlyOwner(msg.sender, _owner);
        _checkEndpoint(endpoint_);
        _endpoint = endpoint_;
        emit EndpointChanged(endpoint_);
    }

    /// @inheritdoc IMiner
    function registerDevice(bytes32 datasetRoot, uint32 datasetSize, uint64 rateNs, bytes calldata evidence)
        external
    {
        // First, so that its status is checked first (P11). It calls nobody but the miner that the device leaves.
        uint32 fromRound = IFederation(_federation).bindDevice(msg.sender, evidence);
        if (_devices[msg.sender].isBound()) revert MinerDeviceAlreadyBound(msg.sender);
        if (datasetRoot == 0 || datasetSize == 0 || rateNs == 0) {
            revert MinerInvalidCommitment(datasetRoot, datasetSize, rateNs);
        }
        _devices[msg.sender] = DeviceLib.create(_federation, fromRound);
        _pool.enter(fromRound - 1);
        emit DeviceRegistered(msg.sender, datasetRoot, datasetSize, rateNs, fromRound);
    }

    /// @inheritdoc IMiner
    function leave() external {
        _requireOpen();
        _unbind(msg.sender);
        IFederation(_federation).unbindDevice(msg.sender);
    }

    /// @inheritdoc IMiner
    function checkIn() external {
        uint32 round = _requireOpen();
        Device device = _boundDevice(msg.sender);
        if (device.seen() != round) {
            bool awaited = _pool.move(device.seen(), round);
            _devices[msg.sender] = device.see(round, awaited);
        }
        emit DeviceCheckedIn(msg.sender, round);
    }

    /// @inheritdoc IMiner
    function submitUpdate(UpdateClaim calldata claim) external {
        Device device = _devices[msg.sender];
        uint256 word = _pool.word;
        uint32 round = claim.round;
        address federation_ = device.isBound() ? device.federation() : _federation;
        if (!word.isTraining(round)) {
            // A view, so the two words are still what the storage has after it.
            word = word.opened(round, IFederation(federation_).requireTraining(round, word.index()));
        }

        if (!device.isBound()) revert MinerDeviceNotBound(msg.sender);
        if (device.fromRound() > round) {
            revert MinerDeviceNotYetActive(msg.sender, device.fromRound(), round);
        }
        if (device.submitted() == round) revert MinerDuplicateUpdate(msg.sender, round);
        if (!CidLib.isCodec(claim.codec)) revert MinerInvalidCodec(claim.codec);
        _devices[msg.sender] = device.submit(round);

        // The record's claim lies in the calldata as EIP-712 encodes it; the event below checks every value.
        bytes32 leaf = UpdateLib.leaf(federation_, round, msg.sender, address(this), msg.data[36:260]);
        emit UpdateSubmitted(
            round,
            msg.sender,
            _pool.append(word, round, device.seen(), device.awaited(), leaf),
            claim.digest,
            claim.codec,
            claim.samples,
            claim.epochs,
            claim.computeUs,
            claim.lossBefore,
            claim.lossAfter
        );
    }

    /// @inheritdoc IMiner
    function release(address device) external {
        if (msg.sender != _federation) revert MinerOnlyFederation(msg.sender);
        _unbind(device);
    }

    /// @inheritdoc IMiner
    function retire() external {
        if (msg.sender != _federation) revert MinerOnlyFederation(msg.sender);
        _pool.setIndex(NOWHERE);
    }

    /// @inheritdoc IMiner
    function suspend() external {
        if (msg.sender != _federation) revert MinerOnlyFederation(msg.sender);
        _pool.suspend();
    }

    /// @inheritdoc IMiner
    function federation() external view returns (address) {
        return _federation;
    }

    /// @inheritdoc IMiner
    function owner() external view returns (address) {
        return _owner;
    }

    /// @inheritdoc IMiner
    function index() external view returns (uint8) {
        return _pool.word.index();
    }

    /// @inheritdoc IMiner
    function endpoint() external view returns (string memory) {
        return _endpoint;
    }

    /// @inheritdoc IMiner
    function pool(uint32 round) external view returns (bytes32 head, uint16 count, uint16 outstanding) {
        return _pool.read(round);
    }

    /// @inheritdoc IMiner
    function deviceOf(address account)
        external
        view
        returns (uint32 fromRound, uint32 seen, uint32 submitted)
    {
        Device device = _devices[account];
        return (device.fromRound(), device.seen(), device.submitted());
    }

    function _unbind(address account) private {
        Device device = _boundDevice(account);
        _pool.remove(device.seen(), device.awaited());
        _devices[account] = Device.wrap(0);
    }

    function _boundDevice(address account) private view returns (Device device) {
        device = _devices[account];
        if (!device.isBound()) revert MinerDeviceNotBound(account);
    }

    /// The last opened round, unless the federation is paused or closed.
    function _requireOpen() private view returns (uint32 round) {
        State memory state = IFederation(_federation).state();
        if (state.status == Status.Paused || state.status == Status.Closed) {
            revert IFederationSigns.FederationUnexpectedStatus(state.status);
        }
        return state.round;
    }

    function _checkEndpoint(string calldata endpoint_) private pure {
        uint256 length = bytes(endpoint_).length;
        if (length > MAX_ENDPOINT_BYTES) revert MinerEndpointTooLong(length);
    }
}
