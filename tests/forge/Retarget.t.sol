// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Retarget} from "./Retarget.sol";
import {bound, vm} from "./Vm.sol";

/// How the proof of work's difficulty moves.
contract RetargetTest is Retarget(vm.deployCode("ProofOfWork.sol")) {
    /// W2 to W4: after any history of blocks and time-outs the difficulty is what the rules say, to the unit.
    function testFuzz_difficulty_follows_the_rules(uint256 start, uint256 target, uint32[16] calldata steps)
        external
    {
        start = bound(start, 1, MAX_DIFFICULTY);
        target = bound(target, 1, MAX_TARGET_SECONDS);
        _configure(start, target);
        uint256 former = start;
        for (uint256 i; i < steps.length; ++i) {
            uint256 expected;
            if (steps[i] % 5 == 0) {
                _timedOut();
                expected = former / 4;
            } else {
                // Now of the target's size, now of any.
                uint256 elapsed = steps[i] % 2 == 0 ? steps[i] : steps[i] % (8 * target);
                _finalized(elapsed);
                expected = former * target / (elapsed == 0 ? 1 : elapsed);
                if (expected > 4 * former) expected = 4 * former;
                if (expected < former / 4) expected = former / 4;
            }
            if (expected == 0) expected = 1;
            if (expected > MAX_DIFFICULTY) expected = MAX_DIFFICULTY;
            vm.assertEq(_difficulty(), expected, "difficulty");
            former = expected;
        }
    }

    /// W3: whatever a federation says of the time that went by.
    function testFuzz_difficulty_stays_in_bounds(uint256 start, uint256 target, uint256 elapsed) external {
        start = bound(start, 1, MAX_DIFFICULTY);
        _configure(start, bound(target, 1, MAX_TARGET_SECONDS));
        _finalized(elapsed);
        vm.assertGe(_difficulty(), start < 4 ? 1 : start / 4, "a factor of 4 down");
        vm.assertLe(_difficulty(), 4 * start, "a factor of 4 up");
        vm.assertLe(_difficulty(), MAX_DIFFICULTY, "bound");
    }
}
