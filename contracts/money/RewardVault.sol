// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IFederationRounds} from "../interfaces/IFederationRounds.sol";
import {IFederationViews} from "../interfaces/IFederationViews.sol";
import {IRewardVault} from "../interfaces/IRewardVault.sol";
import {Header, RewardTerms} from "../interfaces/Types.sol";
import {HeaderLib} from "../libraries/HeaderLib.sol";
import {MoneyLib} from "../libraries/MoneyLib.sol";

/// Cloned by the factory for each federation that pays (docs/SPECIFICATION.md, Y). It keeps no table: whoever claims
/// shows the header of a block and a proof against the root in it. Two bounds hold whatever miners put there: tables
/// grant no more than `budget` a block, and no more is claimed than was granted.
contract RewardVault is IRewardVault, Initializable, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;

    /// What every call reads. One slot.
    struct Setting {
        address federation;
        uint8 maxMiners;
        /// Whether money is ether: then a claim reads no token.
        bool inEther;
        uint40 closesAt;
        uint32 rounds;
    }

    /// The last candidate. One slot.
    struct Candidate {
        /// What its table grants.
        uint128 proposed;
        /// How many candidates there were; this one has this number.
        uint32 number;
        /// The number of the last one before it that became no block; 0: there was none.
        uint32 dropped;
        bool isBlock;
    }

    /// What one account was paid, and is to be paid by the vault itself. One slot.
    struct Account {
        /// Of its entries in tables.
        uint128 claimed;
        /// Attestations of final blocks that are not paid yet.
        uint32 attestations;
        /// The number of the candidate that it approved last, while that has not counted; else 0.
        uint32 approved;
    }

    bytes32 private constant CLAIM_TO_TYPEHASH =
        keccak256("ClaimTo(address account,address to,uint256 cumulative,uint256 claimed)");
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant NAME_HASH = keccak256("Minerva");
    bytes32 private constant VERSION_HASH = keccak256("1");
    uint256 private constant BPS = 10_000;
    uint256 private constant MIN_CLAIM_SECONDS = 1 days;
    uint256 private constant MAX_CLAIM_SECONDS = 730 days;

    Setting private _setting;
    RewardTerms private _terms;
    /// In one slot with the next, because a claim compares them.
    uint128 private _granted;
    uint128 private _claimedByTables;
    uint128 private _funded;
    uint128 private _returned;
    Candidate private _candidate;
    mapping(address account => Account) private _accounts;
    /// The numbers of the candidates before the last one that became no blocks.
    BitMaps.BitMap private _dropped;

    modifier onlyFederation() {
        if (msg.sender != _setting.federation) revert RewardVaultOnlyFederation(msg.sender);
        _;
    }

    constructor() {
        _disableInitializers();
    }

    /// @inheritdoc IRewardVault
    function initialize(address federation_, RewardTerms calldata terms_, uint32 rounds, uint8 maxMiners)
        external
        initializer
    {
        _checkTerms(terms_, rounds);
        _setting = Setting(federation_, maxMiners, terms_.token == address(0), 0, rounds);
        _terms = terms_;
    }

    /// @inheritdoc IRewardVault
    function fund(uint256 amount) external payable nonReentrant {
        uint256 former = _funded;
        uint256 lacking = _setting.closesAt == 0 ? required() - former : 0;
        if (amount == 0 || amount > lacking) revert RewardVaultOverfunded(lacking, amount);
        uint256 received = MoneyLib.take(_terms.token, amount);
        if (received != amount) revert RewardVaultUnexpectedAmount(amount, received);
        // forge-lint: disable-next-line(unsafe-typecast): at most `required`, which fits by the terms' bounds
        _funded = uint128(former + amount);
        emit RewardsFunded(msg.sender, amount, former + amount);
    }

    /// @inheritdoc IRewardVault
    function claim(Header calldata header, address account, uint256 cumulative, bytes32[] calldata proof)
        external
        nonReentrant
    {
        _checkEntry(header, account, cumulative, proof);
        _pay(account, account, cumulative);
    }

    /// @inheritdoc IRewardVault
    function claimTo(
        Header calldata header,
        address account,
        uint256 cumulative,
        bytes32[] calldata proof,
        address to,
        bytes calldata signature
    ) external nonReentrant {
        _checkEntry(header, account, cumulative, proof);
        uint256 former = _accounts[account].claimed;
        bytes32 digest = MessageHashUtils.toTypedDataHash(
            _domainSeparator(), keccak256(abi.encode(CLAIM_TO_TYPEHASH, account, to, cumulative, former))
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(account, digest, signature)) {
            revert RewardVaultInvalidSignature(account);
        }
        // Else `claimed` stays, and the signature would serve again.
        if (cumulative <= former) revert RewardVaultNothingToClaim(account);
        _pay(account, to, cumulative);
    }

    /// @inheritdoc IRewardVault
    function claimAttestations(address account) external nonReentrant {
        _requireRunning();
        _pay(account, account, 0);
    }

    /// @inheritdoc IRewardVault
    // slither-disable-next-line incorrect-equality: whether anything is left; any stray only adds to it
    function reclaim() external nonReentrant {
        uint40 until = _setting.closesAt;
        if (until == 0) revert RewardVaultNotOver(0);
        IFederationViews owner = IFederationViews(_setting.federation);
        address to = owner.requester();
        address token = _terms.token;
        uint256 amount;
        if (block.timestamp < until) {
            uint256 reserved = uint256(owner.state().height) * _pool(_terms.attesterBps);
            amount = _funded - _granted - reserved - _returned;
            if (amount == 0) revert RewardVaultNotOver(until);
            // forge-lint: disable-next-line(unsafe-typecast): at most what was funded
            _returned += uint128(amount);
        } else {
            amount = token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
            if (amount == 0) revert RewardVaultNothingToClaim(to);
        }
        emit RewardsReturned(to, amount);
        _send(token, to, amount);
    }

    /// @inheritdoc IRewardVault
    function onProposed(address owner, uint32 round, bytes32 candidate, uint256 total)
        external
        onlyFederation
    {
        uint256 most = budget();
        if (total > most) revert RewardVaultOverBudget(most, total);
        Candidate memory last = _candidate;
        if (last.number != 0 && !last.isBlock) {
            _dropped.set(last.number);
            last.dropped = last.number;
        }
        // forge-lint: disable-next-line(unsafe-typecast): within the budget
        _candidate = Candidate(uint128(total), last.number + 1, last.dropped, false);
        _credit(owner, round, candidate);
    }

    /// @inheritdoc IRewardVault
    function onFinalized(uint32 round) external onlyFederation {
        uint128 amount = _candidate.proposed;
        uint128 total = _granted + amount;
        _granted = total;
        _candidate.isBlock = true;
        emit RewardsGranted(round, amount, total);
    }

    /// @inheritdoc IRewardVault
    function onAttested(address owner, uint32 round, bytes32 candidate) external onlyFederation {
        _credit(owner, round, candidate);
    }

    /// @inheritdoc IRewardVault
    function onClosed() external onlyFederation {
        uint40 until = uint40(block.timestamp) + _terms.claimSeconds;
        _setting.closesAt = until;
        emit RewardsClosing(until);
    }

    /// @inheritdoc IRewardVault
    function federation() external view returns (address) {
        return _setting.federation;
    }

    /// @inheritdoc IRewardVault
    function terms() external view returns (RewardTerms memory) {
        return _terms;
    }

    /// @inheritdoc IRewardVault
    function funded() external view returns (uint256) {
        return _funded;
    }

    /// @inheritdoc IRewardVault
    // slither-disable-next-line incorrect-equality: sums of money; no time
    function isFunded() external view returns (bool) {
        return _funded == required();
    }

    /// @inheritdoc IRewardVault
    function granted() external view returns (uint256) {
        return _granted;
    }

    /// @inheritdoc IRewardVault
    function accountOf(address account) external view returns (uint256 claimed, uint256 attested) {
        Account memory state = _settle(_accounts[account]);
        return (state.claimed, state.attestations * attestationReward());
    }

    /// @inheritdoc IRewardVault
    function closesAt() external view returns (uint40) {
        return _setting.closesAt;
    }

    /// @inheritdoc IRewardVault
    function required() public view returns (uint256) {
        return uint256(_terms.perRound) * _setting.rounds;
    }

    /// @inheritdoc IRewardVault
    function budget() public view returns (uint256) {
        return _pool(_terms.dataBps) + _pool(_terms.proposerBps) + _pool(_terms.ballotBps);
    }

    /// @inheritdoc IRewardVault
    function attestationReward() public view returns (uint256) {
        return _pool(_terms.attesterBps) / _setting.maxMiners;
    }

    /// `owner` approves the last candidate; the one before counts if it became a block, this one if it will.
    function _credit(address owner, uint32 round, bytes32 candidate) private {
        Account memory state = _settle(_accounts[owner]);
        state.approved = _candidate.number;
        _accounts[owner] = state;
        emit AttestationCredited(owner, round, candidate);
    }

    /// Pay what of `cumulative` was not claimed before, and all settled attestations.
    function _pay(address account, address to, uint256 cumulative) private {
        Account memory state = _settle(_accounts[account]);
        uint256 byAttestations = 0;
        if (state.attestations != 0) {
            byAttestations = state.attestations * attestationReward();
            state.attestations = 0;
        }
        uint256 byTable = 0;
        if (cumulative > state.claimed) {
            byTable = cumulative - state.claimed;
            (uint256 most, uint256 former) = (_granted, _claimedByTables);
            uint256 total = Math.saturatingAdd(former, byTable);
            if (total > most) revert RewardVaultExceedsGrants(most, total);
            // forge-lint: disable-start(unsafe-typecast): what was claimed is at most what was granted
            _claimedByTables = uint128(total);
            state.claimed = uint128(cumulative);
            // forge-lint: disable-end(unsafe-typecast)
        }
        uint256 amount = byTable + byAttestations;
        if (amount == 0) revert RewardVaultNothingToClaim(account);
        _accounts[account] = state;
        emit RewardsClaimed(account, to, byTable, byAttestations);
        _send(_setting.inEther ? address(0) : _terms.token, to, amount);
    }

    function _send(address token, address to, uint256 amount) private {
        if (!MoneyLib.send(token, to, amount)) revert RewardVaultTransferFailed(to, amount);
    }

    /// `state` with the last approval counted if its candidate became a block. One of a round that is not over stays.
    function _settle(Account memory state) private view returns (Account memory) {
        if (state.approved == 0 || !_isBlock(state.approved)) return state;
        state.attestations += 1;
        state.approved = 0;
        return state;
    }

    /// Whether the candidate of this number became a block; of all but the last one it is decided.
    function _isBlock(uint32 number) private view returns (bool) {
        Candidate memory last = _candidate;
        if (number == last.number) return last.isBlock;
        return number > last.dropped || !_dropped.get(number);
    }

    /// The header must be a block's, and its table must have the entry.
    function _checkEntry(
        Header calldata header,
        address account,
        uint256 cumulative,
        bytes32[] calldata proof
    ) private view {
        _requireRunning();
        bytes32 hash = HeaderLib.hash(header);
        if (IFederationRounds(_setting.federation).blockOf(header.round) != hash) {
            revert RewardVaultUnknownBlock(header.round, hash);
        }
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, cumulative))));
        if (!MerkleProof.verifyCalldata(proof, header.rewardsRoot, leaf)) {
            revert RewardVaultInvalidProof(account, cumulative);
        }
    }

    /// Claims end with the claim period.
    function _requireRunning() private view {
        uint40 until = _setting.closesAt;
        if (until != 0 && block.timestamp >= until) revert RewardVaultOver(until);
    }

    /// What a share of `bps` is of a round's money, rounded down.
    function _pool(uint16 bps) private view returns (uint256) {
        return uint256(bps) * _terms.perRound / BPS;
    }

    /// Computed in each call, because this is a clone.
    function _domainSeparator() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    function _checkTerms(RewardTerms calldata given, uint32 rounds) private view {
        if (given.token != address(0) && given.token.code.length == 0) {
            revert RewardVaultInvalidTerms(0, uint160(given.token));
        }
        // So that no sum overflows its slot.
        if (given.perRound == 0 || uint256(given.perRound) * rounds > type(uint128).max) {
            revert RewardVaultInvalidTerms(1, given.perRound);
        }
        uint256 sum = uint256(given.dataBps) + given.proposerBps + given.ballotBps + given.attesterBps;
        if (sum != BPS) revert RewardVaultInvalidTerms(2, sum);
        if (given.claimSeconds < MIN_CLAIM_SECONDS || given.claimSeconds > MAX_CLAIM_SECONDS) {
            revert RewardVaultInvalidTerms(6, given.claimSeconds);
        }
    }
}
