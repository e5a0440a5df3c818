// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {IRewardVault} from "../../../contracts/interfaces/IRewardVault.sol";
import {Header, RewardTerms} from "../../../contracts/interfaces/Types.sol";
import {HeaderLib} from "../../../contracts/libraries/HeaderLib.sol";
import {RewardVault} from "../../../contracts/money/RewardVault.sol";
import {vm} from "../Vm.sol";

/// What a round pays, for all sums at once. This contract is the vault's federation.
contract RewardSymbolic {
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    IRewardVault private immutable _vault;
    mapping(uint32 round => bytes32) public blockOf;

    constructor() {
        _vault = IRewardVault(Clones.clone(address(new RewardVault())));
    }

    /// Y3: a table that grants more than the budget is refused.
    function check_a_table_grants_at_most_the_budget(uint64 perRound, uint256 total) external {
        _initialize(perRound, 1, [uint16(4999), 2001, 1501, 1499]);
        _vault.onProposed(ALICE, 1, 0, total);
        assert(total <= _vault.budget());
    }

    /// Y3: what a table may grant and what all attesters earn is a round's money at most.
    function check_a_round_costs_at_most_its_money(uint64 perRound) external {
        _initialize(perRound, 63, [uint16(4999), 2001, 1501, 1499]);
        assert(_vault.budget() + 63 * _vault.attestationReward() <= perRound);
    }

    /// Y7: whatever a block's table promises to two accounts, they are paid no more than it granted, and neither more
    /// than it was promised.
    function check_claims_are_at_most_what_was_granted(uint128 total, uint256 alices, uint256 bobs) external {
        _initialize(type(uint64).max, 1, [uint16(4999), 2001, 1501, 1499]);
        vm.deal(address(_vault), type(uint128).max);
        _vault.onProposed(address(this), 1, 0, total);
        _vault.onFinalized(1);
        _claim(1, ALICE, alices);
        _claim(2, BOB, bobs);
        assert(ALICE.balance + BOB.balance <= total);
        assert(ALICE.balance <= alices && BOB.balance <= bobs);
    }

    /// Y7: an account that claims by a second block is paid what that adds, and nothing twice.
    function check_a_second_claim_pays_the_difference(uint128 total, uint256 first, uint256 second) external {
        _initialize(type(uint64).max, 1, [uint16(4999), 2001, 1501, 1499]);
        vm.deal(address(_vault), type(uint128).max);
        _vault.onProposed(address(this), 1, 0, total);
        _vault.onFinalized(1);
        bool once = _claim(1, ALICE, first);
        bool twice = _claim(2, ALICE, second);
        assert(ALICE.balance <= total);
        if (twice) assert(ALICE.balance == second);
        else if (once) assert(ALICE.balance == first);
    }

    /// The hash of a header.
    function hash(Header calldata header) external pure returns (bytes32) {
        return HeaderLib.hash(header);
    }

    function _initialize(uint64 perRound, uint8 maxMiners, uint16[4] memory bps) private {
        RewardTerms memory terms;
        terms.perRound = perRound;
        (terms.dataBps, terms.proposerBps, terms.ballotBps, terms.attesterBps) =
        (bps[0], bps[1], bps[2], bps[3]);
        terms.claimSeconds = 1 days;
        _vault.initialize(address(this), terms, 1_000_000, maxMiners);
    }

    /// Claim by a block of its own, whose table has this one entry.
    function _claim(uint32 round, address account, uint256 cumulative) private returns (bool ok) {
        Header memory header;
        header.round = round;
        header.rewardsRoot = keccak256(bytes.concat(keccak256(abi.encode(account, cumulative))));
        blockOf[round] = this.hash(header);
        (ok,) = address(_vault)
            .call(abi.encodeCall(IRewardVault.claim, (header, account, cumulative, new bytes32[](0))));
    }
}
