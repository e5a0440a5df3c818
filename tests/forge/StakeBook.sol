// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederationSigns} from "../../contracts/interfaces/IFederationSigns.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {Drop, Offence, StakeTerms} from "../../contracts/interfaces/Types.sol";
import {give, wealth} from "./Purse.sol";
import {Stage} from "./Stage.sol";
import {Vm, vm} from "./Vm.sol";

/// A stage whose miners stake, with a book of what everybody must have: kept from what was paid, from who voted,
/// rejected and signed what, and from the rules (docs/SPECIFICATION.md, S). The vault's word is compared with it.
abstract contract StakeBook is Stage {
    uint128 public constant MINIMUM = 1000;
    uint16 private constant REJECTED_BPS = 1000;
    uint16 private constant EQUIVOCATION_BPS = 5000;
    uint16 private constant ABSENCE_BPS = 400;
    uint16 private constant REPORTER_BPS = 2500;
    uint8 private constant ABSENCES = 2;
    uint256 private constant WHOLE = 10_000;
    address private constant NOBODY = 0x000000000000000000000000000000000000dEaD;

    IStakeVault public stakes;
    address public immutable stakeToken;

    /// What each account has in the vault, bonded or unbonding, and what it is owed as a reporter.
    mapping(address account => uint256) public staked;
    mapping(address account => uint256) public bounty;
    /// What was slashed and is to be burned.
    uint256 public burnable;
    /// What came in and went out in all.
    uint256 public stakedIn;
    uint256 public stakedOut;
    /// Somebody was slashed, or counted absent, without evidence, or for another sum than the rules say.
    bool public unjust;
    /// A withdrawal, or the burning, paid another sum than was due.
    bool public mispaid;
    /// How often somebody was slashed for each offence.
    mapping(Offence => uint256) public slashes;

    mapping(uint8 index => address) internal _ownerAt;
    mapping(address owner => uint8) private _placeOf;
    mapping(uint32 round => mapping(address owner => bool)) private _voted;
    mapping(uint32 round => mapping(address owner => bool)) private _missed;
    mapping(uint32 round => mapping(address owner => bool)) private _reported;
    mapping(address owner => uint8) private _absences;
    /// Whose candidate a majority rejected, and who signed what contradicts itself, in the current call.
    address private _rejected;
    address private _guilty;

    constructor(address token) {
        stakeToken = token;
        stakes = IStakeVault(federation.stakeVault());
    }

    // What people do

    /// Somebody stakes for the owner of a miner, or to become one.
    function deposit(uint256 owner, uint256 amount) public returns (bool ok) {
        address account = owners[owner];
        uint256 value = give(stakeToken, account, address(stakes), amount);
        ok = _deal(account, address(stakes), abi.encodeCall(IStakeVault.deposit, (account, amount)), value);
        if (!ok) return ok;
        staked[account] += amount;
        stakedIn += amount;
    }

    function unbond(uint256 owner, uint256 amount) external returns (bool) {
        return _deal(owners[owner], address(stakes), abi.encodeCall(IStakeVault.unbond, (amount)), 0);
    }

    function withdraw(address account) external returns (bool ok) {
        uint256 had = wealth(stakeToken, account);
        (uint256 released, uint40 releaseAt) = stakes.unbondingOf(account);
        if (block.timestamp < releaseAt) released = 0;
        ok = _deal(account, address(stakes), abi.encodeCall(IStakeVault.withdraw, (account)), 0);
        if (!ok) return ok;
        uint256 paid = wealth(stakeToken, account) - had;
        if (paid != released + bounty[account] || released > staked[account]) mispaid = true;
        staked[account] -= released;
        bounty[account] = 0;
        stakedOut += paid;
    }

    function burn() external returns (bool ok) {
        uint256 had = wealth(stakeToken, NOBODY);
        ok = _deal(stranger, address(stakes), abi.encodeCall(IStakeVault.burn, ()), 0);
        if (!ok) return ok;
        uint256 paid = wealth(stakeToken, NOBODY) - had;
        if (paid != burnable) mispaid = true;
        burnable = 0;
        stakedOut += paid;
    }

    /// A stranger accuses `owner` of two candidates in a round. By `mood` it has the statements, or one of them twice,
    /// or signed by another, or of a round to come, or on another branch, or for another federation.
    function accuse(uint256 owner, uint32 round, uint256 mood) external returns (bool ok) {
        address account = owners[owner];
        uint32 current = federation.currentRound();
        round = mood == 3 ? current + 1 : round % (current + 1);
        IStakeVault.Statement memory first;
        first.federation = mood == 5 ? address(this) : address(federation);
        first.round = round;
        first.candidate = keccak256("one");
        IStakeVault.Statement memory second = abi.decode(abi.encode(first), (IStakeVault.Statement));
        if (mood != 1) second.candidate = keccak256("another");
        if (mood == 4) second.ballotsRoot = keccak256("another branch");
        bool true_ = (mood == 0 || mood > 5) && !_reported[round][account];
        uint256 key = _keyOf(mood == 2 ? (owner + 1) % owners.length : owner);
        _guilty = true_ ? account : address(0);
        bytes memory data = abi.encodeCall(
            IStakeVault.report, (account, first, _sign(_keyOf(owner), first), second, _sign(key, second))
        );
        ok = _deal(stranger, address(stakes), data, 0);
        if (ok != true_) unjust = true;
        if (ok) _reported[round][account] = true;
        _guilty = address(0);
    }

    function ballot(uint256 owner) public override returns (bool ok) {
        uint32 round = federation.currentRound();
        ok = super.ballot(owner);
        if (ok) _voted[round][owners[owner]] = true;
    }

    // What it brings about

    function _observe(Vm.Log memory log) internal virtual override {
        bytes32 kind = log.topics[0];
        if (log.emitter == address(federation)) {
            if (kind == IFederationSigns.MinerJoined.selector) _join(log);
            else if (kind == IFederationSigns.CandidateDropped.selector) _drop(log);
        } else if (log.emitter == address(stakes)) {
            if (kind == IStakeVault.StakeSlashed.selector) _slash(log);
            else if (kind == IStakeVault.StakeAbsence.selector) _miss(log);
        }
    }

    function _prepare() internal virtual override {
        for (uint256 i; i < owners.length; ++i) {
            deposit(i, 5 * MINIMUM + i);
        }
    }

    function _stakeTerms(address token) internal pure returns (StakeTerms memory) {
        return StakeTerms({
            token: token,
            minimum: MINIMUM,
            unit: 100,
            evidenceSeconds: 300,
            rejectedBps: REJECTED_BPS,
            equivocationBps: EQUIVOCATION_BPS,
            absenceBps: ABSENCE_BPS,
            absences: ABSENCES,
            reporterBps: REPORTER_BPS
        });
    }

    function _join(Vm.Log memory log) private {
        uint8 index = uint8(uint256(log.topics[1]));
        address owner = address(uint160(uint256(log.topics[2])));
        _ownerAt[index] = owner;
        _placeOf[owner] = index + 1;
    }

    function _drop(Vm.Log memory log) private {
        uint32 round = uint32(uint256(log.topics[1]));
        if (abi.decode(log.data, (Drop)) != Drop.Rejected) return;
        bool majority = 2 * _size(_rejections & snapshots[round]) > _size(snapshots[round]);
        _rejected = majority ? _ownerAt[uint8(uint256(log.topics[2]))] : address(0);
    }

    /// M3: who is absent did not vote in a round that it was in the snapshot of, and is absent once in it.
    function _miss(Vm.Log memory log) private {
        address account = address(uint160(uint256(log.topics[1])));
        uint32 round = uint32(uint256(log.topics[2]));
        uint8 place = _placeOf[account];
        if (place == 0 || !_has(snapshots[round], place - 1)) unjust = true;
        if (_voted[round][account] || _missed[round][account]) unjust = true;
        _missed[round][account] = true;
        if (abi.decode(log.data, (uint8)) != ++_absences[account]) unjust = true;
    }

    /// S6: each offence has its evidence and its share, and takes from nobody else.
    function _slash(Vm.Log memory log) private {
        address account = address(uint160(uint256(log.topics[1])));
        Offence offence = Offence(uint8(uint256(log.topics[3])));
        (uint256 amount,, address reporter, uint256 reward) =
            abi.decode(log.data, (uint256, uint256, address, uint256));
        uint256 share;
        if (offence == Offence.RejectedCandidate) {
            if (account != _rejected) unjust = true;
            (share, _rejected) = (REJECTED_BPS, address(0));
        } else if (offence == Offence.Absence) {
            if (_absences[account] != ABSENCES) unjust = true;
            (share, _absences[account]) = (ABSENCE_BPS, 0);
        } else {
            if (account != _guilty || reporter != stranger) unjust = true;
            (share, _guilty) = (EQUIVOCATION_BPS, address(0));
        }
        ++slashes[offence];
        if (amount != staked[account] * share / WHOLE) unjust = true;
        if (reward != (offence == Offence.Equivocation ? amount * REPORTER_BPS / WHOLE : 0)) unjust = true;
        staked[account] -= amount;
        bounty[reporter] += reward;
        burnable += amount - reward;
    }

    function _sign(uint256 key, IStakeVault.Statement memory said) private view returns (bytes memory) {
        bytes32 type_ = keccak256(
            "Statement(address federation,uint32 round,bytes32 parent,bytes32 updatesRoot,bytes32 ballotsRoot,bytes32 candidate,uint8 kind)"
        );
        return _sign(key, address(stakes), keccak256(abi.encode(type_, said)));
    }

    /// EIP-712, in the domain of one of the vaults.
    function _sign(uint256 key, address vault, bytes32 value) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Minerva"),
                keccak256("1"),
                block.chainid,
                vault
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, value)));
        return abi.encodePacked(r, s, v);
    }
}
