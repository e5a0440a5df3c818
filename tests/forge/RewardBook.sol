// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederationSigns} from "../../contracts/interfaces/IFederationSigns.sol";
import {IRewardVault} from "../../contracts/interfaces/IRewardVault.sol";
import {Header, RewardTerms} from "../../contracts/interfaces/Types.sol";
import {give, wealth} from "./Purse.sol";
import {Stage} from "./Stage.sol";
import {StakeBook} from "./StakeBook.sol";
import {Table} from "./Table.sol";
import {Vm, vm} from "./Vm.sol";

/// A stage with money: miners stake, and the requester pays. Its book of rewards is kept from the tables of the blocks
/// that were appended and from who approved them (docs/SPECIFICATION.md, Y).
contract RewardBook is StakeBook {
    /// Odd, so that every share leaves dust.
    uint128 private constant PER_ROUND = 100_003;

    IRewardVault public rewards;
    address public immutable rewardToken;

    /// What the last block's table, and its attestations, give each account in all.
    mapping(address account => uint256) public earned;
    mapping(address account => uint256) public attested;
    /// What tables granted, and what was claimed by them.
    uint256 public granted;
    uint256 public claimed;
    uint256 public fundedIn;
    uint256 public paidOut;
    /// A block's table gave away more than it granted, so that those who claim last get nothing by tables.
    bool public greedy;
    /// A claim paid another sum than was due.
    bool public overpaid;

    /// All who may earn, as the tables name them.
    address[] private _accounts;
    /// Of the last block.
    bytes private _lastHeader;
    uint256[] private _sums;
    /// Of the candidate.
    bytes private _draftHeader;
    uint256[] private _draft;
    uint256[] private _proposed;

    constructor(uint8 owners_, uint16 devices_, address stakeToken_, address rewardToken_)
        Stage(owners_, devices_, _stakeTerms(stakeToken_), _rewardTerms(rewardToken_))
        StakeBook(stakeToken_)
    {
        rewardToken = rewardToken_;
        rewards = IRewardVault(federation.rewardVault());
        for (uint256 i; i < owners.length; ++i) {
            _accounts.push(owners[i]);
        }
        for (uint256 i; i < devices.length; ++i) {
            _accounts.push(devices[i]);
        }
        _sums = new uint256[](_accounts.length);
    }

    // What people do

    function fund(uint256 amount) public returns (bool ok) {
        uint256 value = give(rewardToken, requester, address(rewards), amount);
        ok = _deal(requester, address(rewards), abi.encodeCall(IRewardVault.fund, (amount)), value);
        if (ok) fundedIn += amount;
    }

    /// A stranger has the account of this number paid all that it earned.
    function claim(uint256 number) external returns (bool) {
        address account = _accounts[number];
        if (_lastHeader.length == 0) return claimAttestations(number);
        (Header memory header, bytes32[] memory proof) = _entry(number);
        bytes memory data = abi.encodeCall(IRewardVault.claim, (header, account, _sums[number], proof));
        return _claim(account, account, data, true);
    }

    /// The same, to the stranger, to whom the owner of a miner signed it over. By `forged` another signed.
    function claimTo(uint256 owner, bool forged) external returns (bool ok) {
        address account = owners[owner];
        if (_lastHeader.length == 0) return false;
        (Header memory header, bytes32[] memory proof) = _entry(owner);
        (uint256 former,) = rewards.accountOf(account);
        bytes32 type_ = keccak256("ClaimTo(address account,address to,uint256 cumulative,uint256 claimed)");
        bytes32 value = keccak256(abi.encode(type_, account, stranger, _sums[owner], former));
        bytes memory signature =
            _sign(_keyOf(forged ? (owner + 1) % owners.length : owner), address(rewards), value);
        bytes memory data =
            abi.encodeCall(IRewardVault.claimTo, (header, account, _sums[owner], proof, stranger, signature));
        ok = _claim(account, stranger, data, true);
        if (ok && forged) overpaid = true;
    }

    function claimAttestations(uint256 number) public returns (bool) {
        address account = _accounts[number];
        return _claim(account, account, abi.encodeCall(IRewardVault.claimAttestations, (account)), false);
    }

    function reclaim() external returns (bool ok) {
        uint256 had = wealth(rewardToken, requester);
        ok = _deal(stranger, address(rewards), abi.encodeCall(IRewardVault.reclaim, ()), 0);
        if (ok) paidOut += wealth(rewardToken, requester) - had;
    }

    // What tests read

    /// All who stake or earn.
    function accounts() external view returns (address[] memory) {
        return _accounts;
    }

    /// What the account of this number has not claimed.
    function due(uint256 number) external view returns (uint256 byTable, uint256 byAttestations) {
        address account = _accounts[number];
        (uint256 former,) = rewards.accountOf(account);
        byTable = earned[account] > former ? earned[account] - former : 0;
        byAttestations = attested[account];
    }

    /// Whether claims are still paid.
    function claimsRun() external view returns (bool) {
        uint256 until = rewards.closesAt();
        return until == 0 || block.timestamp < until;
    }

    // What it brings about

    function _observe(Vm.Log memory log) internal override {
        super._observe(log);
        if (log.emitter != address(federation)) return;
        if (log.topics[0] == IFederationSigns.BlockProposed.selector) {
            (Header memory header,) = abi.decode(log.data, (Header, uint40));
            _draftHeader = abi.encode(header);
            _proposed = _draft;
        } else if (log.topics[0] == IFederationSigns.BlockFinalized.selector) {
            _append();
        }
    }

    function _prepare() internal override {
        super._prepare();
        fund(rewards.required());
    }

    /// Block 0 shares its budget out; block 1 promises its first account ten times as much.
    function _grant(Header memory header, uint256 model) internal override {
        _draft = _sums;
        uint256 budget = rewards.budget();
        uint256 share = budget / _draft.length;
        for (uint256 i; i < _draft.length; ++i) {
            _draft[i] += share;
        }
        _draft[0] += model == 1 ? 10 * budget : budget - share * _draft.length;
        // forge-lint: disable-next-line(unsafe-typecast): less than `PER_ROUND`
        header.rewardsTotal = uint128(budget);
        header.rewardsRoot = Table.root(_accounts, _draft);
    }

    function _append() private {
        _lastHeader = _draftHeader;
        _sums = _proposed;
        granted += rewards.budget();
        uint256 sum;
        for (uint256 i; i < _accounts.length; ++i) {
            earned[_accounts[i]] = _sums[i];
            sum += _sums[i];
        }
        if (sum > granted) greedy = true;
        uint256 reward = rewards.attestationReward();
        for (uint8 i; i < 64; ++i) {
            if (_has(_approvals, i)) attested[_ownerAt[i]] += reward;
        }
    }

    function _claim(address account, address to, bytes memory data, bool byTable) private returns (bool ok) {
        (uint256 former,) = rewards.accountOf(account);
        uint256 table = byTable && earned[account] > former ? earned[account] - former : 0;
        uint256 had = wealth(rewardToken, to);
        ok = _deal(stranger, address(rewards), data, 0);
        if (!ok) return ok;
        uint256 paid = wealth(rewardToken, to) - had;
        if (paid != table + attested[account]) overpaid = true;
        attested[account] = 0;
        claimed += table;
        paidOut += paid;
    }

    function _entry(uint256 number) private view returns (Header memory, bytes32[] memory) {
        return (abi.decode(_lastHeader, (Header)), Table.proof(_accounts, _sums, number));
    }

    function _rewardTerms(address token) private pure returns (RewardTerms memory) {
        return RewardTerms({
            token: token,
            perRound: PER_ROUND,
            dataBps: 4999,
            proposerBps: 2001,
            ballotBps: 1501,
            attesterBps: 1499,
            claimSeconds: 1 days
        });
    }
}
