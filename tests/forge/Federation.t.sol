// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFederation} from "../../contracts/interfaces/IFederation.sol";
import {RewardTerms, StakeTerms, Status} from "../../contracts/interfaces/Types.sol";
import {Stage} from "./Stage.sol";
import {vm} from "./Vm.sol";
import {Devices} from "./handlers/Devices.sol";
import {Miners} from "./handlers/Miners.sol";
import {Requester, Stranger} from "./handlers/Others.sol";

/// What stays true of a federation whatever its people do, in any order and at any time.
contract FederationTest {
    uint8 private constant OWNERS = 4;
    uint16 private constant DEVICES = 6;

    Stage private _stage;
    address[] private _handlers;

    function setUp() external {
        StakeTerms memory noStake;
        RewardTerms memory noRewards;
        _stage = new Stage(OWNERS, DEVICES, noStake, noRewards);
        _stage.open();
        _handlers = [
            address(new Devices(_stage)),
            address(new Miners(_stage)),
            address(new Requester(_stage)),
            address(new Stranger(_stage))
        ];
    }

    /// Forge asks which contracts to call.
    function targetContracts() external view returns (address[] memory) {
        return _handlers;
    }

    /// All in one, because Forge walks anew for each invariant.
    function invariant_rounds_end_with_one_block_of_a_majority_or_none() external view {
        uint32 last = _stage.federation().currentRound();
        for (uint32 round = 1; round <= last; ++round) {
            _checkFinality(round);
            // P5.
            vm.assertLe(_stage.candidates(round), _stage.MAX_CANDIDATES(), "too many candidates");
        }
        vm.assertEq(_stage.federation().state().height, _stage.blocks(), "height");
        // P5: by the miners' own calls, not by the contract's count.
        vm.assertTrue(!_stage.minority(), "a block that no majority of the snapshot approved");
        // P9.
        vm.assertTrue(!_stage.movedWhilePaused(), "a paused federation took a call or changed");
    }

    /// P2 to P5, P7 and P9: with nobody but a stranger who ticks, whatever is open ends. Forge drops what an
    /// invariant changes.
    /// forge-config: deep.invariant.check-interval = 4
    function invariant_no_phase_lasts_for_ever() external {
        IFederation federation = _stage.federation();
        if (_stage.status() == Status.Paused) {
            vm.warp(block.timestamp + _stage.MAX_PAUSE_SECONDS());
            vm.assertTrue(_stage.unpause(_stage.stranger()), "a used-up pause did not end");
        }
        uint32 round = federation.currentRound();
        // Three phases with their extensions, and Attestation's deadline for each candidate.
        uint256 most = 3 * (uint256(_stage.MAX_EXTENSIONS()) + 1) + _stage.MAX_CANDIDATES();
        for (uint256 ticks; _stage.status() == Status.Running && federation.currentRound() == round; ++ticks) {
            vm.assertLe(ticks + 1, most, "the round goes on");
            uint256 deadline = _stage.deadline();
            vm.assertLe(deadline, block.timestamp + _stage.TRAINING_SECONDS(), "a deadline too far away");
            if (block.timestamp < deadline) vm.warp(deadline);
            vm.assertTrue(federation.due(), "nothing is due at the deadline");
            vm.assertTrue(_stage.tick(), "tick did nothing at the deadline");
        }
    }

    /// The invariants are not empty: the handlers' moves do bring rounds about, of every kind.
    function test_the_handlers_reach_every_end_of_a_round() external {
        IFederation federation = _stage.federation();
        for (uint256 phases; phases < 4; ++phases) {
            _stage.play(0);
        }
        vm.assertEq(_stage.finalizations(1), 1, "round 1 has a block");
        vm.assertEq(federation.currentRound(), 2, "round 2 is open");
        for (uint256 owner; owner < 2; ++owner) {
            while (federation.state().candidate == 0) _stage.play(0);
            for (uint256 other; other < OWNERS; ++other) {
                _stage.attest(other, false);
            }
        }
        vm.assertEq(_stage.candidates(2), 2, "two candidates");
        vm.assertEq(_stage.finalizations(2), 0, "round 2 was skipped");
        vm.assertEq(federation.currentRound(), 3, "round 3 is open");
        vm.assertTrue(_stage.pause(), "pause");
        vm.assertTrue(!_stage.tick() && !_stage.submit(0) && !_stage.leave(0), "paused");
        vm.assertTrue(!_stage.unpause(_stage.stranger()), "the requester's alone");
        vm.assertTrue(_stage.unpause(_stage.requester()), "unpause");
        vm.assertTrue(_stage.submit(0) && !_stage.submit(0), "one update for each device");
    }

    /// P6 and R7: a round has one block or none, and no other call than its finality gives it one.
    function _checkFinality(uint32 round) private view {
        uint256 times = _stage.finalizations(round);
        vm.assertLe(times, 1, "a round finalised twice");
        bool hasBlock = _stage.federation().blockOf(round) != 0;
        vm.assertEq(times, hasBlock ? 1 : 0, "a block without finality, or none with it");
    }
}
