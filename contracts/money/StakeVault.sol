// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IFederation} from "../interfaces/IFederation.sol";
import {IStakeVault} from "../interfaces/IStakeVault.sol";
import {Offence, StakeTerms, Status} from "../interfaces/Types.sol";
import {MoneyLib} from "../libraries/MoneyLib.sol";

/// Cloned by the factory for each federation that wants stake (docs/SPECIFICATION.md, S). What the federation calls
/// calls nobody else in turn; all that moves money is guarded, and has written everything before the money moves.
contract StakeVault is IStakeVault, Initializable, ReentrancyGuardTransient, EIP712 {
    using SafeCast for uint256;

    /// Together they fit 128 bits, so that no later sum overflows.
    struct Stake {
        uint128 bonded;
        uint128 unbonding;
    }

    struct Standing {
        uint40 releaseAt;
        uint8 absences;
        /// The miner's index plus one, while it has a place.
        uint8 place;
    }

    uint256 private constant MAX_WEIGHT = type(uint16).max;
    uint256 private constant WHOLE = 10_000;
    address private constant NOBODY = 0x000000000000000000000000000000000000dEaD;
    bytes32 private constant STATEMENT = keccak256(
        "Statement(address federation,uint32 round,bytes32 parent,bytes32 updatesRoot,bytes32 ballotsRoot,bytes32 candidate,uint8 kind)"
    );
    uint8 private constant PROPOSED = 0;
    uint8 private constant APPROVED = 1;
    uint8 private constant REJECTED = 2;

    address private _federation;
    uint40 private _unbondingSeconds;
    StakeTerms private _terms;
    uint256 private _slashed;
    uint256[4] private _lanes;
    mapping(address account => Stake) private _stakes;
    mapping(address account => Standing) private _standings;
    mapping(address account => uint256) private _bounties;
    mapping(address account => mapping(uint32 round => bool)) private _equivocated;

    modifier onlyFederation() {
        if (msg.sender != _federation) revert StakeVaultOnlyFederation(msg.sender);
        _;
    }

    constructor() EIP712("Minerva", "1") {
        _disableInitializers();
    }

    /// @inheritdoc IStakeVault
    function initialize(address federation_, StakeTerms calldata terms_, uint40 longestRound)
        external
        initializer
    {
        address token = terms_.token;
        if (token != address(0) && token.code.length == 0) revert StakeVaultInvalidTerms(0, uint160(token));
        if (terms_.unit == 0) revert StakeVaultInvalidTerms(2, 0);
        _checkRange(2, terms_.minimum / terms_.unit, 0, MAX_WEIGHT);
        _checkRange(3, terms_.evidenceSeconds, 1, 90 days);
        _checkRange(4, terms_.rejectedBps, 0, 5000);
        _checkRange(5, terms_.equivocationBps, 0, WHOLE);
        _checkRange(6, terms_.absenceBps, 0, 1000);
        _checkRange(7, terms_.absences, 0, 100);
        _checkRange(8, terms_.reporterBps, 0, 5000);
        _federation = federation_;
        _terms = terms_;
        _unbondingSeconds = terms_.evidenceSeconds + longestRound;
    }

    /// @inheritdoc IStakeVault
    function deposit(address account, uint256 amount) external payable nonReentrant {
        if (amount == 0) revert StakeVaultNothing();
        Stake storage stake = _stakes[account];
        uint128 sum = amount.toUint128();
        // slither-disable-next-line unused-return: whether the sum fits; it reverts if not
        (uint256(stake.bonded) + stake.unbonding + sum).toUint128();
        uint128 bonded = stake.bonded + sum;
        stake.bonded = bonded;
        _weigh(account, bonded);
        emit StakeDeposited(account, msg.sender, amount, bonded);
        uint256 received = MoneyLib.take(_terms.token, amount);
        if (received != amount) revert StakeVaultUnexpectedAmount(amount, received);
    }

    /// @inheritdoc IStakeVault
    function unbond(uint256 amount) external nonReentrant {
        if (amount == 0) revert StakeVaultNothing();
        Stake memory stake = _stakes[msg.sender];
        if (amount > stake.bonded) revert StakeVaultInsufficient(msg.sender, stake.bonded, amount);
        // forge-lint: disable-next-line(unsafe-typecast): not more than what is bonded
        stake.bonded -= uint128(amount);
        Standing storage standing = _standings[msg.sender];
        // A closed federation lets nobody leave any more, and asks nothing of those who stayed.
        if (
            standing.place != 0 && stake.bonded < _terms.minimum
                && IFederation(_federation).state().status != Status.Closed
        ) {
            revert StakeVaultInUse(msg.sender, stake.bonded, _terms.minimum);
        }
        // forge-lint: disable-next-line(unsafe-typecast): not more than what was bonded
        stake.unbonding += uint128(amount);
        _stakes[msg.sender] = stake;
        uint40 releaseAt = uint40(block.timestamp) + _unbondingSeconds;
        standing.releaseAt = releaseAt;
        _weigh(msg.sender, stake.bonded);
        emit StakeUnbonding(msg.sender, amount, stake.unbonding, releaseAt);
    }

    /// @inheritdoc IStakeVault
    function withdraw(address to) external nonReentrant {
        uint256 amount = _bounties[msg.sender];
        uint40 releaseAt = _standings[msg.sender].releaseAt;
        uint128 unbonding = _stakes[msg.sender].unbonding;
        if (unbonding != 0 && block.timestamp >= releaseAt) {
            amount += unbonding;
            _stakes[msg.sender].unbonding = 0;
        }
        if (amount == 0) revert StakeVaultNotReleased(msg.sender, releaseAt);
        _bounties[msg.sender] = 0;
        emit StakeWithdrawn(msg.sender, to, amount);
        _send(to, amount);
    }

    /// @inheritdoc IStakeVault
    function burn() external nonReentrant {
        uint256 amount = _slashed;
        if (amount == 0) revert StakeVaultNothing();
        _slashed = 0;
        emit StakeBurned(amount);
        _send(NOBODY, amount);
    }

    /// @inheritdoc IStakeVault
    function report(
        address account,
        Statement calldata first,
        bytes calldata firstSignature,
        Statement calldata second,
        bytes calldata secondSignature
    ) external nonReentrant {
        uint32 round = first.round;
        // A round to come would let an account be punished before it stakes, and never after.
        if (
            msg.sender == account || !_contradict(first, second) || first.federation != _federation
                || round > IFederation(_federation).currentRound()
        ) revert StakeVaultNoEvidence(account);
        if (_equivocated[account][round]) revert StakeVaultPunishedAlready(account, round);
        if (!_isSigned(account, first, firstSignature) || !_isSigned(account, second, secondSignature)) {
            revert StakeVaultNoEvidence(account);
        }
        _equivocated[account][round] = true;
        _slash(account, round, Offence.Equivocation, msg.sender);
        IFederation(_federation).onSlashed(account, round);
    }

    /// @inheritdoc IStakeVault
    function enter(address owner, uint8 index) external onlyFederation {
        requireSufficient(owner);
        _standings[owner].place = index + 1;
        _weigh(owner, _stakes[owner].bonded);
    }

    /// @inheritdoc IStakeVault
    function exit(address owner) external onlyFederation {
        uint8 place = _standings[owner].place;
        if (place == 0) return;
        _setLane(place - 1, 0);
        _standings[owner].place = 0;
    }

    /// @inheritdoc IStakeVault
    function punish(address owner, uint32 round, Offence offence)
        external
        onlyFederation
        returns (bool sufficient)
    {
        _slash(owner, round, offence, address(0));
        return isSufficient(owner);
    }

    /// @inheritdoc IStakeVault
    function miss(address owner, uint32 round)
        external
        onlyFederation
        returns (bool punished, bool sufficient)
    {
        uint8 most = _terms.absences;
        if (most == 0) return (false, isSufficient(owner));
        uint8 absences = _standings[owner].absences + 1;
        punished = absences == most;
        _standings[owner].absences = punished ? 0 : absences;
        emit StakeAbsence(owner, round, absences);
        if (punished) _slash(owner, round, Offence.Absence, address(0));
        return (punished, isSufficient(owner));
    }

    /// @inheritdoc IStakeVault
    function federation() external view returns (address) {
        return _federation;
    }

    /// @inheritdoc IStakeVault
    function terms() external view returns (StakeTerms memory) {
        return _terms;
    }

    /// @inheritdoc IStakeVault
    function unbondingSeconds() external view returns (uint40) {
        return _unbondingSeconds;
    }

    /// @inheritdoc IStakeVault
    function stakeOf(address account) external view returns (uint256) {
        return _stakes[account].bonded;
    }

    /// @inheritdoc IStakeVault
    function unbondingOf(address account) external view returns (uint256 amount, uint40 releaseAt) {
        return (_stakes[account].unbonding, _standings[account].releaseAt);
    }

    /// @inheritdoc IStakeVault
    function bountyOf(address account) external view returns (uint256) {
        return _bounties[account];
    }

    /// @inheritdoc IStakeVault
    function absencesOf(address account) external view returns (uint8) {
        return _standings[account].absences;
    }

    /// @inheritdoc IStakeVault
    function slashed() external view returns (uint256) {
        return _slashed;
    }

    /// @inheritdoc IStakeVault
    function lanes() external view returns (uint256[4] memory) {
        return _lanes;
    }

    /// @inheritdoc IStakeVault
    function isSufficient(address account) public view returns (bool) {
        return _stakes[account].bonded >= _terms.minimum;
    }

    /// @inheritdoc IStakeVault
    function requireSufficient(address account) public view {
        if (!isSufficient(account)) {
            revert StakeVaultTooLow(account, _stakes[account].bonded, _terms.minimum);
        }
    }

    /// S6 and S7: take the offence's share, first of what unbonds; the rest of it that no reporter earns is burned.
    function _slash(address account, uint32 round, Offence offence, address reporter) private {
        Stake memory stake = _stakes[account];
        uint256 amount = _shareOf(offence) * (uint256(stake.bonded) + stake.unbonding) / WHOLE;
        uint256 fromUnbonding = amount < stake.unbonding ? amount : stake.unbonding;
        // forge-lint: disable-start(unsafe-typecast): neither is more than what it is taken from
        stake.unbonding -= uint128(fromUnbonding);
        stake.bonded -= uint128(amount - fromUnbonding);
        // forge-lint: disable-end(unsafe-typecast)
        // slither-disable-next-line divide-before-multiply: S7: a share of what was slashed, rounded down
        uint256 reward = reporter == address(0) ? 0 : _terms.reporterBps * amount / WHOLE;
        if (amount != 0) {
            _stakes[account] = stake;
            _slashed += amount - reward;
            if (reward != 0) _bounties[reporter] += reward;
            _weigh(account, stake.bonded);
        }
        emit StakeSlashed(account, round, offence, amount, stake.bonded, reporter, reward);
    }

    /// S2: the lane of an account that has a place.
    function _weigh(address account, uint256 bonded) private {
        uint8 place = _standings[account].place;
        if (place == 0) return;
        uint256 weight = bonded / _terms.unit;
        if (weight == 0) weight = 1;
        _setLane(place - 1, weight > MAX_WEIGHT ? MAX_WEIGHT : weight);
    }

    function _setLane(uint8 index, uint256 weight) private {
        uint256 shift = 16 * (index % 16);
        uint256 word = _lanes[index / 16];
        uint256 next = word & ~(MAX_WEIGHT << shift) | weight << shift;
        if (next != word) _lanes[index / 16] = next;
    }

    function _send(address to, uint256 amount) private {
        // Nobody could take it out again there.
        bool lost = to == address(0) || to == address(this);
        if (lost || !MoneyLib.send(_terms.token, to, amount)) revert StakeVaultTransferFailed(to, amount);
    }

    function _shareOf(Offence offence) private view returns (uint256) {
        if (offence == Offence.Equivocation) return _terms.equivocationBps;
        return offence == Offence.Absence ? _terms.absenceBps : _terms.rejectedBps;
    }

    /// An account that signs for itself stays bound by what it signed when it is given code (EIP-7702).
    function _isSigned(address account, Statement calldata statement, bytes calldata signature)
        private
        view
        returns (bool)
    {
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(STATEMENT, statement)));
        // slither-disable-next-line unused-return: the detail of a failure is not needed
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return (failure == ECDSA.RecoverError.NoError && signer == account)
            || SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }

    /// S7: the same round of the same branch, and two candidates proposed, or one approved and rejected.
    function _contradict(Statement calldata first, Statement calldata second) private pure returns (bool) {
        if (
            first.federation != second.federation || first.round != second.round
                || first.parent != second.parent || first.updatesRoot != second.updatesRoot
                || first.ballotsRoot != second.ballotsRoot
        ) return false;
        if (first.candidate != second.candidate) return first.kind == PROPOSED && second.kind == PROPOSED;
        return (first.kind == APPROVED && second.kind == REJECTED)
            || (first.kind == REJECTED && second.kind == APPROVED);
    }

    function _checkRange(uint8 field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert StakeVaultInvalidTerms(field, value);
    }
}
