// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederation} from "../../contracts/interfaces/IFederation.sol";
import {IRewardVault} from "../../contracts/interfaces/IRewardVault.sol";
import {IStakeVault} from "../../contracts/interfaces/IStakeVault.sol";
import {Offence, Status} from "../../contracts/interfaces/Types.sol";
import {wealth} from "./Purse.sol";
import {RewardBook} from "./RewardBook.sol";
import {vm} from "./Vm.sol";
import {Devices} from "./handlers/Devices.sol";
import {Miners} from "./handlers/Miners.sol";
import {Earners, Stakers} from "./handlers/Money.sol";
import {Requester, Stranger} from "./handlers/Others.sol";

/// What stays true of the money in a federation whatever its people do, in any order and at any time.
abstract contract MoneyInvariants {
    uint8 private constant OWNERS = 4;
    uint16 private constant DEVICES = 6;

    RewardBook private _book;
    address[] private _handlers;

    function _setUp(address stakeToken, address rewardToken) internal {
        bytes memory given = abi.encode(OWNERS, DEVICES, stakeToken, rewardToken);
        _book = RewardBook(vm.deployCode("RewardBook.sol", given));
        _book.open();
        vm.assertEq(_book.federation().currentRound(), 1, "the first round is open");
        _handlers = [
            address(new Devices(_book)),
            address(new Miners(_book)),
            address(new Requester(_book)),
            address(new Stranger(_book)),
            address(new Stakers(_book)),
            address(new Earners(_book))
        ];
    }

    /// Forge asks which contracts to call.
    function targetContracts() external view returns (address[] memory) {
        return _handlers;
    }

    /// Both vaults in one, because Forge walks anew for each invariant.
    function invariant_money_in_is_money_out_and_held_and_nobody_is_slashed_without_evidence() external view {
        _checkStakes();
        _checkRewards();
    }

    /// P9, P10, S5, Y7, Y8: at any time, paused or not, what was earned is paid; and after the requester closes, with
    /// nobody's help but a stranger's, all of the money is where it belongs. Forge drops what an invariant changes.
    /// forge-config: deep.invariant.check-interval = 8
    function invariant_a_paused_or_closed_federation_loses_nobodys_money() external {
        if (_book.claimsRun()) _claimAll();
        _end();
        if (_book.claimsRun()) _claimAll();
        _withdrawAll();
        uint256 until = _book.rewards().closesAt();
        if (block.timestamp < until) vm.warp(until);
        _book.reclaim();
        vm.assertEq(wealth(_book.rewardToken(), address(_book.rewards())), 0, "escrow that is stuck");
        vm.assertEq(_book.fundedIn(), _book.paidOut(), "all rewards and returns");
        vm.assertTrue(!_book.overpaid() && !_book.mispaid() && !_book.unjust(), "wrong sums");
    }

    /// The invariants are not empty: there are blocks that pay, and every offence is punished.
    function test_the_handlers_earn_and_are_slashed() external {
        for (uint256 phases; phases < 4; ++phases) {
            _book.play(0);
        }
        (uint256 byTable, uint256 byAttestations) = _book.due(1);
        vm.assertGe(byTable, 1, "a share of the table");
        vm.assertGe(byAttestations, 1, "an attestation");
        vm.assertTrue(!_book.claimTo(1, true), "a forged claim");
        vm.assertTrue(_book.claimTo(1, false), "a claim signed over");
        vm.assertTrue(!_book.claimTo(1, false), "once");
        vm.assertTrue(_book.claim(2), "a claim");
        IFederation federation = _book.federation();
        while (federation.state().candidate == 0) _book.play(0);
        for (uint256 owner; owner < OWNERS; ++owner) {
            _book.attest(owner, false);
        }
        vm.assertEq(_book.slashes(Offence.RejectedCandidate), 1, "a rejected candidate");
        for (uint256 mood; mood < 6; ++mood) {
            vm.assertEq(_book.accuse(1, 1, mood) ? 1 : 0, mood == 0 ? 1 : 0, "an accusation");
        }
        vm.assertEq(_book.slashes(Offence.Equivocation), 1, "an equivocation");
        for (uint256 i; i < 100 && _book.slashes(Offence.Absence) == 0; ++i) {
            _book.play(8);
            _book.checkIn(3);
            if (!_book.tick()) vm.warp(block.timestamp + 50);
        }
        vm.assertEq(_book.slashes(Offence.Absence), 1, "the second absence");
        vm.assertTrue(!_book.unjust() && !_book.overpaid() && !_book.mispaid(), "the book agrees");
    }

    /// S3, S5 to S8: what came in is what went out and what is held, to the unit, and each account has its own;
    /// nobody was slashed without evidence, nor for another's doing.
    function _checkStakes() private view {
        IStakeVault vault = _book.stakes();
        vm.assertTrue(!_book.unjust(), "a slash without evidence, or of another sum");
        vm.assertTrue(!_book.mispaid(), "a withdrawal of another sum than due");
        address[] memory accounts = _book.accounts();
        uint256 owed = _book.burnable() + _book.bounty(_book.stranger());
        for (uint256 i; i < accounts.length; ++i) {
            uint256 staked = _book.staked(accounts[i]);
            (uint256 unbonding,) = vault.unbondingOf(accounts[i]);
            vm.assertEq(vault.stakeOf(accounts[i]) + unbonding, staked, "an account's stake");
            owed += staked;
        }
        uint256 held = wealth(_book.stakeToken(), address(vault));
        vm.assertEq(held, owed, "the vault has what it owes, and nothing else");
        vm.assertEq(_book.stakedIn(), _book.stakedOut() + held, "in = out + held");
        vm.assertEq(vault.slashed(), _book.burnable(), "to be burned");
        vm.assertEq(vault.bountyOf(_book.stranger()), _book.bounty(_book.stranger()), "bounty");
    }

    /// Y2, Y3, Y6 to Y8: the same of the escrow; claims are never more than it, and it always has what is due.
    function _checkRewards() private view {
        IRewardVault vault = _book.rewards();
        vm.assertTrue(!_book.overpaid(), "a claim of another sum than due");
        uint256 held = wealth(_book.rewardToken(), address(vault));
        vm.assertEq(_book.fundedIn(), _book.paidOut() + held, "in = out + held");
        vm.assertLe(_book.fundedIn(), vault.required(), "no more is taken than is needed");
        vm.assertLe(_book.claimed(), _book.granted(), "claims by tables <= grants");
        vm.assertLe(_book.granted(), _book.blocks() * vault.budget(), "grants <= budgets");
        vm.assertEq(vault.granted(), _book.granted(), "granted");
        if (!_book.claimsRun()) return;
        uint256 owed = _book.granted() - _book.claimed();
        address[] memory accounts = _book.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            (, uint256 attested) = vault.accountOf(accounts[i]);
            vm.assertEq(attested, _book.attested(accounts[i]), "due for attestations");
            owed += attested;
        }
        vm.assertLe(owed, held, "the vault has what is due");
    }

    /// Everybody is paid what was earned. Of tables that promise more than they grant the last get nothing.
    function _claimAll() private {
        uint256 accounts = _book.accounts().length;
        for (uint256 i; i < accounts; ++i) {
            (uint256 byTable, uint256 byAttestations) = _book.due(i);
            if (byTable != 0 && !_book.greedy()) vm.assertTrue(_book.claim(i), "a table's claim refused");
            else if (byAttestations != 0) vm.assertTrue(_book.claimAttestations(i), "attestations refused");
        }
    }

    /// The federation ends, from wherever it is.
    function _end() private {
        IFederation federation = _book.federation();
        if (_book.status() == Status.Paused) {
            vm.warp(block.timestamp + _book.MAX_PAUSE_SECONDS());
            vm.assertTrue(_book.unpause(_book.stranger()), "a used-up pause did not end");
        }
        _book.close();
        for (uint256 ticks; _book.status() != Status.Closed; ++ticks) {
            vm.assertLe(ticks, 10, "the federation does not close");
            if (block.timestamp < _book.deadline()) vm.warp(_book.deadline());
            _book.tick();
        }
        vm.assertTrue(federation.state().status == Status.Closed, "closed");
    }

    function _withdrawAll() private {
        IStakeVault vault = _book.stakes();
        address[] memory accounts = _book.accounts();
        for (uint256 i; i < OWNERS; ++i) {
            uint256 bonded = vault.stakeOf(accounts[i]);
            if (bonded != 0) vm.assertTrue(_book.unbond(i, bonded), "stake that is held");
        }
        vm.warp(block.timestamp + vault.unbondingSeconds());
        for (uint256 i; i < OWNERS; ++i) {
            if (_book.staked(accounts[i]) != 0) {
                vm.assertTrue(_book.withdraw(accounts[i]), "a withdrawal refused");
            }
        }
        if (_book.bounty(_book.stranger()) != 0) {
            vm.assertTrue(_book.withdraw(_book.stranger()), "a bounty refused");
        }
        _book.burn();
        vm.assertEq(wealth(_book.stakeToken(), address(vault)), 0, "stake that is stuck");
        vm.assertEq(_book.stakedIn(), _book.stakedOut(), "all stake");
    }
}

/// Stakes in ether, rewards in a token.
contract EtherStakesTest is MoneyInvariants {
    function setUp() external {
        _setUp(address(0), vm.deployCode("MockToken.sol"));
    }
}

/// Stakes in a token, rewards in ether.
contract TokenStakesTest is MoneyInvariants {
    function setUp() external {
        _setUp(vm.deployCode("MockToken.sol"), address(0));
    }
}
