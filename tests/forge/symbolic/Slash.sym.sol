// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

import {IStakeVault} from "../../../contracts/interfaces/IStakeVault.sol";
import {Offence, StakeTerms} from "../../../contracts/interfaces/Types.sol";
import {StakeVault} from "../../../contracts/money/StakeVault.sol";
import {vm} from "../Vm.sol";

/// What a slash takes, for all stakes at once. This contract is the vault's federation, its one miner, and signs
/// whatever it is said to have signed.
contract SlashSymbolic is IERC1271 {
    address private constant REPORTER = address(0x1001);
    IStakeVault private immutable _vault;

    constructor() {
        _vault = IStakeVault(Clones.clone(address(new StakeVault())));
    }

    /// S6: a rejected candidate costs a share of at most a half, of what unbonds first; the rest is the miner's, and
    /// nothing is lost on the way.
    function check_a_rejected_candidate_costs_at_most_half(uint64 sum, uint64 unbonding) external {
        _stake(_terms(), sum, unbonding);
        _vault.punish(address(this), 1, Offence.RejectedCandidate);
        _checkTaken(sum, unbonding, 2);
    }

    /// S6: the last of the absences costs a tenth at most.
    function check_an_absence_costs_at_most_a_tenth(uint64 sum, uint64 unbonding) external {
        _stake(_terms(), sum, unbonding);
        _vault.miss(address(this), 1);
        _checkTaken(sum, unbonding, 10);
    }

    /// S7: equivocation costs all at most, of which the reporter earns a half at most.
    function check_equivocation_pays_the_reporter_at_most_half(uint64 sum, uint64 unbonding) external {
        _stake(_terms(), sum, unbonding);
        IStakeVault.Statement memory first;
        first.federation = address(this);
        first.round = 1;
        IStakeVault.Statement memory second;
        second.federation = address(this);
        second.round = 1;
        second.candidate = bytes32(uint256(1));
        vm.prank(REPORTER);
        _vault.report(address(this), first, "", second, "");
        _checkTaken(sum, unbonding, 1);
    }

    /// The round that the federation is in.
    function currentRound() external pure returns (uint32) {
        return 1;
    }

    /// The vault tells of an offence.
    function onSlashed(address, uint32) external {}

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes memory) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }

    /// The largest shares there are: every smaller one takes less.
    function _terms() private pure returns (StakeTerms memory terms) {
        terms.unit = 1;
        terms.evidenceSeconds = 1;
        terms.rejectedBps = 5000;
        terms.equivocationBps = 10_000;
        terms.absenceBps = 1000;
        terms.absences = 1;
        terms.reporterBps = 5000;
    }

    function _stake(StakeTerms memory terms, uint64 sum, uint64 unbonding) private {
        _vault.initialize(address(this), terms, 1);
        vm.deal(address(this), sum);
        _vault.deposit{value: sum}(address(this), sum);
        if (unbonding != 0) _vault.unbond(unbonding);
    }

    /// A multiplication where one would divide: a solver's time goes into divisions.
    function _checkTaken(uint256 sum, uint256 unbonding, uint256 parts) private view {
        uint256 bonded = _vault.stakeOf(address(this));
        (uint256 rest,) = _vault.unbondingOf(address(this));
        uint256 reward = _vault.bountyOf(REPORTER);
        uint256 taken = _vault.slashed() + reward;
        assert(bonded + rest + taken == sum);
        assert(taken * parts <= sum);
        assert(reward * 2 <= taken);
        // What unbonds goes first.
        assert(rest == (taken < unbonding ? unbonding - taken : 0));
    }
}
