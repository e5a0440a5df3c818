// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Header, RewardTerms} from "./Types.sol";

/// The escrow of one federation, in ETH or one ERC-20, and what was earned of it (docs/SPECIFICATION.md, Y).
interface IRewardVault {
    /// The caller is not the federation.
    error RewardVaultOnlyFederation(address caller);
    /// A term is out of bounds; `field` is its position in the type `RewardTerms`, from 0.
    error RewardVaultInvalidTerms(uint8 field, uint256 value);
    /// Another sum than `expected` arrived: a token that takes a fee, or ether sent to a vault of tokens.
    error RewardVaultUnexpectedAmount(uint256 expected, uint256 received);
    /// The sum is zero, or more than the escrow still lacks.
    error RewardVaultOverfunded(uint256 lacking, uint256 given);
    /// The table of a block grants more than the round's budget.
    error RewardVaultOverBudget(uint256 budget, uint256 total);
    /// The header is not that of a block of the federation.
    error RewardVaultUnknownBlock(uint32 round, bytes32 hash);
    /// The proof does not show that the block's table has this entry.
    error RewardVaultInvalidProof(address account, uint256 cumulative);
    /// Nothing is left to pay to the account.
    error RewardVaultNothingToClaim(address account);
    /// More would be claimed than blocks have granted.
    error RewardVaultExceedsGrants(uint256 granted, uint256 claimed);
    /// The recipient did not take the money.
    error RewardVaultTransferFailed(address to, uint256 amount);
    /// The account did not sign for this recipient.
    error RewardVaultInvalidSignature(address account);
    /// The federation is not closed, or the claim period runs until `until`.
    error RewardVaultNotOver(uint40 until);
    /// The claim period is over.
    error RewardVaultOver(uint40 until);

    /// Money came in.
    event RewardsFunded(address indexed from, uint256 amount, uint256 funded);
    /// A block granted `amount` to those in its table.
    event RewardsGranted(uint32 indexed round, uint256 amount, uint256 granted);
    /// A miner will be paid for having attested `candidate`, should it be final.
    event AttestationCredited(address indexed account, uint32 indexed round, bytes32 indexed candidate);
    /// An account was paid: `byTable` of what blocks granted it, `byAttestations` for the blocks that it attested.
    event RewardsClaimed(
        address indexed account, address indexed to, uint256 byTable, uint256 byAttestations
    );
    /// The federation is over; what is not claimed by `until` returns to the requester.
    event RewardsClosing(uint40 until);
    /// What nobody earned, or claimed in time, returned.
    event RewardsReturned(address indexed to, uint256 amount);

    /// Set up a clone; once, by the factory.
    function initialize(address federation, RewardTerms calldata terms, uint32 rounds, uint8 maxMiners)
        external;

    /// The federation whose rewards these are.
    function federation() external view returns (address);

    /// What was agreed on at creation.
    function terms() external view returns (RewardTerms memory);

    /// What all rounds together may cost: this much is to be funded before round 1.
    function required() external view returns (uint256);

    /// What was funded so far.
    function funded() external view returns (uint256);

    /// Whether the escrow is complete.
    function isFunded() external view returns (bool);

    /// The most that the table of one round may grant.
    function budget() external view returns (uint256);

    /// What a miner earns by having attested a block.
    function attestationReward() external view returns (uint256);

    /// What all blocks have granted by their tables.
    function granted() external view returns (uint256);

    /// What `account` claimed of its grants, and what it has earned by attestations without having claimed it.
    function accountOf(address account) external view returns (uint256 claimed, uint256 attested);

    /// When the claim period ends; 0 while the federation is not closed.
    function closesAt() external view returns (uint40);

    /// Put `amount` into the escrow. Anyone may.
    function fund(uint256 amount) external payable;

    /// Pay `account` what the block of `header` and its attestations entitle it to. Anyone may.
    function claim(Header calldata header, address account, uint256 cumulative, bytes32[] calldata proof)
        external;

    /// The same, to a recipient that the account signed for (EIP-712 type `ClaimTo`, or ERC-1271).
    function claimTo(
        Header calldata header,
        address account,
        uint256 cumulative,
        bytes32[] calldata proof,
        address to,
        bytes calldata signature
    ) external;

    /// Pay `account` for its attestations alone. Anyone may.
    function claimAttestations(address account) external;

    /// `owner` proposed `candidate`, whose table grants `total`; by the federation. Proposing counts as attesting.
    function onProposed(address owner, uint32 round, bytes32 candidate, uint256 total) external;

    /// The last candidate of `round` is its block; by the federation.
    function onFinalized(uint32 round) external;

    /// `owner` approved `candidate`; by the federation.
    function onAttested(address owner, uint32 round, bytes32 candidate) external;

    /// The federation is closed; by the federation.
    function onClosed() external;

    /// Return to the requester what nobody can earn any more; after the claim period, all that is left. Anyone may.
    function reclaim() external;
}
