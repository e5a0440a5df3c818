// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IConsensus} from "../../contracts/interfaces/IConsensus.sol";
import {IFederation} from "../../contracts/interfaces/IFederation.sol";
import {IFederationControl} from "../../contracts/interfaces/IFederationControl.sol";
import {IFederationFactory} from "../../contracts/interfaces/IFederationFactory.sol";
import {IFederationRounds} from "../../contracts/interfaces/IFederationRounds.sol";
import {IMiner} from "../../contracts/interfaces/IMiner.sol";
import {IProofOfWork} from "../../contracts/interfaces/IProofOfWork.sol";
import {
    Cid,
    Header,
    Member,
    Phase,
    RewardTerms,
    StakeTerms,
    State,
    Status,
    UpdateClaim
} from "../../contracts/interfaces/Types.sol";
import {Settings} from "./Settings.sol";
import {vm} from "./Vm.sol";
import {Witness} from "./Witness.sol";

/// A federation and its people: the one place that knows how the contracts' structs are filled. Each move is a
/// call that the contracts may refuse; it answers whether they took it.
contract Stage is Witness, Settings {
    address public immutable requester = address(0x1000);
    address public immutable stranger = address(0x1001);

    address[] public owners;
    address[] public devices;
    IFederationFactory private immutable _factory;
    IProofOfWork private immutable _module;

    /// Accounts of `owners_` miners and `devices_` devices, none of which has joined.
    constructor(uint8 owners_, uint16 devices_, StakeTerms memory stake, RewardTerms memory rewards) {
        vm.warp(1_000_000);
        address extension = vm.deployCode("FederationExtension.sol");
        bytes memory models = abi.encode(
            vm.deployCode("Federation.sol", abi.encode(extension)),
            vm.deployCode("Miner.sol"),
            vm.deployCode("StakeVault.sol"),
            vm.deployCode("RewardVault.sol")
        );
        _factory = IFederationFactory(vm.deployCode("FederationFactory.sol", models));
        _module = IProofOfWork(vm.deployCode("ProofOfWork.sol"));
        vm.prank(requester);
        federation =
            IFederation(_factory.createFederation(_config(_module, owners_, devices_), stake, rewards));
        for (uint256 i; i < owners_; ++i) {
            owners.push(vm.addr(_keyOf(i)));
        }
        for (uint160 i; i < devices_; ++i) {
            devices.push(address(0x10000 + i));
        }
    }

    // Whole rounds

    /// All join, in turn, and the first round opens.
    function open() external {
        _prepare();
        for (uint256 i; i < owners.length; ++i) {
            join(i);
        }
        for (uint256 i; i < devices.length; ++i) {
            register(i, i % owners.length);
        }
        tick();
    }

    /// All do what the phase asks of them, except the miners in `silent`, and the devices of these.
    function play(uint64 silent) public {
        Phase phase = federation.state().phase;
        if (phase == Phase.Training) {
            for (uint256 i; i < devices.length; ++i) {
                if (!_has(silent, i % owners.length)) submit(i);
            }
            tick();
        } else if (phase == Phase.Mining) {
            for (uint256 i; i < owners.length && federation.state().phase == Phase.Mining; ++i) {
                if (!_has(silent, i)) propose(i, 0);
            }
        } else {
            uint32 round = federation.currentRound();
            for (uint256 i; i < owners.length && federation.currentRound() == round; ++i) {
                if (_has(silent, i)) continue;
                if (phase == Phase.Verification) ballot(i);
                else if (phase == Phase.Attestation) attest(i, true);
            }
        }
    }

    // Miners

    function join(uint256 owner) public returns (bool) {
        return _act(
            owners[owner],
            address(_factory),
            abi.encodeCall(_factory.createMiner, (address(federation), "", ""))
        );
    }

    function leave(uint256 owner) external returns (bool) {
        return _act(owners[owner], address(federation), abi.encodeCall(IFederationRounds.leave, ()));
    }

    function checkIn(uint256 owner) external returns (bool) {
        return _act(owners[owner], address(federation), abi.encodeCall(IFederationRounds.checkIn, ()));
    }

    function setEndpoint(uint256 owner, string calldata endpoint) external returns (bool) {
        return _act(owners[owner], minerOf(owner), abi.encodeCall(IMiner.setEndpoint, (endpoint)));
    }

    function ballot(uint256 owner) public virtual returns (bool) {
        State memory s = federation.state();
        bytes memory verdicts = new bytes(s.updates);
        bytes memory data = abi.encodeCall(IFederationRounds.vote, (s.round, s.updatesRoot, verdicts));
        return _act(owners[owner], address(federation), data);
    }

    /// Propose one of the blocks that could follow, `model` saying which.
    function propose(uint256 owner, uint256 model) public returns (bool ok) {
        Header memory header = _header(minerOf(owner), model);
        uint64 bit = _bitOf(owner);
        ok = _act(
            owners[owner], address(federation), abi.encodeCall(IFederationRounds.propose, (header)), bit, 0
        );
    }

    function attest(uint256 owner, bool approve) public returns (bool) {
        State memory s = federation.state();
        bytes memory data = abi.encodeCall(IFederationRounds.attest, (s.round, s.candidate, approve));
        uint64 bit = _bitOf(owner);
        return _act(owners[owner], address(federation), data, approve ? bit : 0, approve ? 0 : bit);
    }

    // Devices

    function register(uint256 device, uint256 owner) public returns (bool) {
        return _act(
            devices[device],
            minerOf(owner),
            abi.encodeCall(IMiner.registerDevice, (bytes32(uint256(1)), 100, 5000, ""))
        );
    }

    function submit(uint256 device) public returns (bool) {
        UpdateClaim memory claim = UpdateClaim({
            round: federation.currentRound(),
            digest: keccak256(abi.encode(device)),
            codec: RAW,
            samples: 100,
            epochs: 1,
            computeUs: 500,
            lossBefore: 2,
            lossAfter: 1
        });
        return _act(devices[device], _minerOfDevice(device), abi.encodeCall(IMiner.submitUpdate, (claim)));
    }

    function checkInDevice(uint256 device) external returns (bool) {
        return _act(devices[device], _minerOfDevice(device), abi.encodeCall(IMiner.checkIn, ()));
    }

    function leaveDevice(uint256 device) external returns (bool) {
        return _act(devices[device], _minerOfDevice(device), abi.encodeCall(IMiner.leave, ()));
    }

    // The requester, and anybody

    function pause() external returns (bool) {
        return _act(requester, address(federation), abi.encodeCall(IFederationControl.pause, ()));
    }

    function close() external returns (bool) {
        return _act(requester, address(federation), abi.encodeCall(IFederationControl.close, ()));
    }

    function unpause(address caller) external returns (bool) {
        return _act(caller, address(federation), abi.encodeCall(IFederationControl.unpause, ()));
    }

    function tick() public returns (bool) {
        return _act(stranger, address(federation), abi.encodeCall(IFederationRounds.tick, ()));
    }

    // What tests read

    function status() public view override returns (Status) {
        return federation.state().status;
    }

    function deadline() external view returns (uint256) {
        return federation.state().deadline;
    }

    /// Everything that moves: the federation's state, its members, and what their contracts tell of every account.
    function digest() public view override returns (bytes32 sum) {
        State memory s = federation.state();
        sum = keccak256(abi.encode(s));
        for (uint256 i; i < owners.length; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast): there are at most 64
            Member memory member = federation.member(uint8(i));
            sum = keccak256(abi.encode(sum, member));
            if (member.miner == address(0)) continue;
            (bytes32 head, uint16 count, uint16 outstanding) = IMiner(member.miner).pool(s.round);
            sum = keccak256(abi.encode(sum, IMiner(member.miner).endpoint(), head, count, outstanding));
            for (uint256 j; j < devices.length; ++j) {
                (uint32 from, uint32 seen, uint32 submitted) = IMiner(member.miner).deviceOf(devices[j]);
                sum = keccak256(abi.encode(sum, from, seen, submitted, federation.minerOf(devices[j])));
            }
        }
    }

    /// The contract of `owners[owner]`; zero if it has none.
    function minerOf(uint256 owner) public view returns (address) {
        for (uint8 i; i < owners.length; ++i) {
            Member memory member = federation.member(i);
            if (member.owner == owners[owner]) return member.miner;
        }
        return address(0);
    }

    function people() external view returns (uint256, uint256) {
        return (owners.length, devices.length);
    }

    function _minerOfDevice(uint256 device) private view returns (address) {
        return federation.minerOf(devices[device]);
    }

    function _bitOf(uint256 owner) private view returns (uint64) {
        address miner = minerOf(owner);
        return miner == address(0) ? 0 : uint64(1) << IMiner(miner).index();
    }

    /// What must be so before anybody joins.
    function _prepare() internal virtual {}

    /// Fill in what a block grants.
    function _grant(Header memory header, uint256 model) internal virtual {}

    function _keyOf(uint256 owner) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("the key of a miner's owner", owner)));
    }

    function _header(address miner, uint256 model) private returns (Header memory header) {
        State memory s = federation.state();
        header.number = s.height + 1;
        header.parent = s.head;
        header.round = s.round;
        header.updatesRoot = s.updatesRoot;
        header.ballotsRoot = s.ballotsRoot;
        header.body = Cid(keccak256(abi.encode("body", model)), RAW);
        header.model = Cid(keccak256(abi.encode("model", model)), RAW);
        header.proposer = miner;
        _grant(header, model);
        IConsensus.Claim memory claim =
            IConsensus.Claim(s.round, s.head, s.updatesRoot, s.ballotsRoot, miner, 0, 0, 0);
        bytes32 seed = _module.seed(address(federation), claim);
        uint256 target = type(uint256).max / _module.difficulty(address(federation));
        uint256 nonce;
        while (uint256(keccak256(abi.encode(seed, nonce))) > target) ++nonce;
        header.proof = abi.encode(nonce);
    }
}
