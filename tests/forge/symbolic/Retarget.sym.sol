// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ProofOfWork} from "../../../contracts/consensus/ProofOfWork.sol";
import {Retarget} from "../Retarget.sol";

/// The difficulty's step, for all values at once.
contract RetargetSymbolic is Retarget(address(new ProofOfWork())) {
    /// W2: what `configure` takes is within the bounds, whatever it is given.
    function check_configured_difficulty_is_in_bounds(uint256 start, uint256 target) external {
        _configure(start, target);
        assert(_difficulty() == start);
        assert(start >= 1 && start <= MAX_DIFFICULTY && target >= 1 && target <= MAX_TARGET_SECONDS);
    }

    /// W3: one block changes the difficulty by a factor of 4 at most and leaves it within 1 to 2^48. That the step
    /// does not revert, and its exact value, are beyond the solver: the product and the quotient of two unknowns.
    /// `RetargetTest` tries these.
    function check_block_keeps_difficulty_in_bounds(uint256 start, uint256 target, uint256 elapsed) external {
        _configure(start, target);
        _finalized(elapsed);
        uint256 next = _difficulty();
        assert(next >= 1 && next <= MAX_DIFFICULTY);
        assert(next <= 4 * start);
        assert(next >= start / 4);
    }

    /// W4: a time-out divides by 4, down to 1.
    function check_timeout_divides_by_four(uint256 start, uint256 target) external {
        _configure(start, target);
        _timedOut();
        uint256 quarter = start / 4;
        assert(_difficulty() == (quarter == 0 ? 1 : quarter));
    }
}
