// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Offence, StakeTerms} from "./Types.sol";

/// The stake of one federation's members, in ETH or one ERC-20: bonded, unbonding, slashed (docs/SPECIFICATION.md, S).
interface IStakeVault {
    /// What a miner signed of a candidate: that it proposed it, or how it attested it (EIP-712 type `Statement`).
    struct Statement {
        address federation;
        uint32 round;
        bytes32 parent;
        bytes32 updatesRoot;
        bytes32 ballotsRoot;
        /// The candidate's hash.
        bytes32 candidate;
        /// 0 proposed, 1 approved, 2 rejected.
        uint8 kind;
    }

    /// The caller is not the federation.
    error StakeVaultOnlyFederation(address caller);
    /// A term is out of bounds; `field` is its position in the type `StakeTerms`, from 0.
    error StakeVaultInvalidTerms(uint8 field, uint256 value);
    /// The account's stake is below the minimum.
    error StakeVaultTooLow(address account, uint256 stake, uint256 minimum);
    /// The account would keep less than what its part in the federation needs.
    error StakeVaultInUse(address account, uint256 left, uint256 needed);
    /// The account has less than this.
    error StakeVaultInsufficient(address account, uint256 available, uint256 asked);
    /// Nothing is unbonding, or it is not released yet.
    error StakeVaultNotReleased(address account, uint40 releaseAt);
    /// Another sum than `expected` arrived: a token that takes a fee, or ether sent to a vault of tokens.
    error StakeVaultUnexpectedAmount(uint256 expected, uint256 received);
    /// The amount is zero.
    error StakeVaultNothing();
    /// The recipient did not take the money.
    error StakeVaultTransferFailed(address to, uint256 amount);
    /// The two statements are no offence, or are not signed by `account`.
    error StakeVaultNoEvidence(address account);
    /// This offence was punished already.
    error StakeVaultPunishedAlready(address account, uint32 round);

    /// The account's bonded stake changed.
    event StakeDeposited(address indexed account, address indexed from, uint256 amount, uint256 bonded);
    /// Stake leaves at `releaseAt`, if it is not slashed before.
    event StakeUnbonding(address indexed account, uint256 amount, uint256 unbonding, uint40 releaseAt);
    /// Stake left.
    event StakeWithdrawn(address indexed account, address indexed to, uint256 amount);
    /// Stake was taken: `amount` in all, `bonded` is left, `reward` of it goes to `reporter`.
    event StakeSlashed(
        address indexed account,
        uint32 indexed round,
        Offence indexed offence,
        uint256 amount,
        uint256 bonded,
        address reporter,
        uint256 reward
    );
    /// The account was absent `absences` times since it was last punished for it.
    event StakeAbsence(address indexed account, uint32 indexed round, uint8 absences);
    /// Slashed stake left circulation.
    event StakeBurned(uint256 amount);

    /// Set up a clone; once, by the factory. `unbondingSeconds` outlasts evidence: `evidenceSeconds` and the longest round.
    function initialize(address federation, StakeTerms calldata terms, uint40 longestRound) external;

    /// The federation whose members stake here.
    function federation() external view returns (address);

    /// What was agreed on at creation.
    function terms() external view returns (StakeTerms memory);

    /// How long stake unbonds, in seconds.
    function unbondingSeconds() external view returns (uint40);

    /// The bonded stake of `account`.
    function stakeOf(address account) external view returns (uint256);

    /// What is unbonding of `account`, and when it may leave.
    function unbondingOf(address account) external view returns (uint256 amount, uint40 releaseAt);

    /// What `account` may take out as a reporter of offences.
    function bountyOf(address account) external view returns (uint256);

    /// How often `account` was absent since it was last punished for it.
    function absencesOf(address account) external view returns (uint8);

    /// Slashed stake that was not burned yet.
    function slashed() external view returns (uint256);

    /// Whether `account` has the minimum.
    function isSufficient(address account) external view returns (bool);

    /// Revert with `StakeVaultTooLow` unless `account` has the minimum.
    function requireSufficient(address account) external view;

    /// The lanes of the miners' stakes in units of `StakeTerms.unit`, rounded down, within 1 and 65,535.
    function lanes() external view returns (uint256[4] memory);

    /// Stake `amount` for `account`.
    function deposit(address account, uint256 amount) external payable;

    /// Begin to take `amount` of the caller's stake out. What unbonds already waits on with it.
    function unbond(uint256 amount) external;

    /// Send the caller's released stake and bounties to `to`.
    function withdraw(address to) external;

    /// A miner takes the place `index`; by the federation. Reverts with `StakeVaultTooLow`.
    function enter(address owner, uint8 index) external;

    /// A miner leaves its place; by the federation.
    function exit(address owner) external;

    /// Punish a rejected candidate; by the federation. Whether the miner still has the minimum.
    function punish(address owner, uint32 round, Offence offence) external returns (bool sufficient);

    /// Count, and in the end punish, an absence; by the federation. Whether it was punished, and has the minimum.
    function miss(address owner, uint32 round) external returns (bool punished, bool sufficient);

    /// Show that `account` signed two statements that contradict each other. Anyone may; the caller earns a share.
    function report(
        address account,
        Statement calldata first,
        bytes calldata firstSignature,
        Statement calldata second,
        bytes calldata secondSignature
    ) external;

    /// Send slashed stake where nobody has it. Anyone may.
    function burn() external;
}
