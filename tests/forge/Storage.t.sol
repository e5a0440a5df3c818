// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RewardTerms, StakeTerms} from "../../contracts/interfaces/Types.sol";
import {Stage} from "./Stage.sol";
import {bound, vm} from "./Vm.sol";

/// What a round writes, by the number of devices (R2 and M7: nothing is kept or done for each device but its word).
contract StorageTest {
    uint8 private constant OWNERS = 3;
    uint256 private constant ROUNDS = 4;

    /// The slots that one round wrote, and how many of them no earlier round had.
    struct Writes {
        uint256 federation;
        uint256 fresh;
        uint256 miners;
    }

    mapping(address target => mapping(bytes32 slot => uint256 run)) private _seen;
    mapping(address target => mapping(bytes32 slot => bool)) private _known;
    uint256 private _run;

    /// A round of `devices` writes as many slots of the federation as one of the fewest devices, and in the miners'
    /// contracts one for each update and two for each pool.
    function testFuzz_a_round_writes_no_more_with_more_devices(uint256 seed) external {
        uint256 devices = bound(seed, OWNERS + 1, 48);
        Writes[ROUNDS] memory few = _rounds(OWNERS);
        Writes[ROUNDS] memory many = _rounds(devices);
        for (uint256 i; i < ROUNDS; ++i) {
            vm.assertGe(few[i].federation, 5, "a round writes something");
            vm.assertEq(many[i].federation, few[i].federation, "slots of the federation");
            vm.assertEq(many[i].miners, devices + 2 * OWNERS, "slots of the miners");
            vm.assertEq(few[i].miners, OWNERS + 2 * OWNERS, "slots of the miners");
            // The first two rounds fill the models' slots of either parity.
            if (i > 1) vm.assertEq(many[i].fresh, 1, "a round leaves its block's hash alone");
        }
    }

    function _rounds(uint256 devices) private returns (Writes[ROUNDS] memory writes) {
        StakeTerms memory noStake;
        RewardTerms memory noRewards;
        // forge-lint: disable-next-line(unsafe-typecast): at most 48
        Stage stage = new Stage(OWNERS, uint16(devices), noStake, noRewards);
        stage.open();
        for (uint32 i; i < ROUNDS; ++i) {
            vm.record();
            for (uint256 phases; phases < 4; ++phases) {
                stage.play(0);
            }
            vm.assertEq(stage.finalizations(i + 1), 1, "every round has its block");
            ++_run;
            (writes[i].federation, writes[i].fresh) = _count(address(stage.federation()));
            for (uint256 owner; owner < OWNERS; ++owner) {
                (uint256 slots,) = _count(stage.minerOf(owner));
                writes[i].miners += slots;
            }
        }
    }

    /// How many slots of `target` were written since `record`, and how many of them never before.
    function _count(address target) private returns (uint256 slots, uint256 fresh) {
        (, bytes32[] memory written) = vm.accesses(target);
        for (uint256 i; i < written.length; ++i) {
            if (_seen[target][written[i]] == _run) continue;
            _seen[target][written[i]] = _run;
            ++slots;
            if (_known[target][written[i]]) continue;
            _known[target][written[i]] = true;
            ++fresh;
        }
    }
}
