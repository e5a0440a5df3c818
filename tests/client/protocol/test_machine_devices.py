"""Rules M4 to M8 (docs/SPECIFICATION.md). tests/chain/stateful runs them on the contracts too."""

from __future__ import annotations

import pytest
from federation_driver import address, make_config
from machine_stage import names, refusal

from minerva.protocol import actions as act
from minerva.protocol.events import (
    DeviceBound,
    DeviceCheckedIn,
    DeviceRegistered,
    DeviceUnbound,
)
from minerva.protocol.records import ZERO32
from minerva.protocol.state import Phase, Status

# M4 to M6: binding


def test_a_device_counts_from_the_next_round(stage):
    stage.open(miners=1)
    events = stage.register(7, stage.contract(0), size=321)
    device, miner = stage.device(7), stage.contract(0)
    assert events[0] == DeviceBound(device, miner, 2)
    assert isinstance(events[1], DeviceRegistered) and events[1].dataset_size == 321
    assert refusal(lambda: stage.submit(7)) == ("MinerDeviceNotYetActive", device, 2, 1)
    assert (stage.outstanding(0, 1), stage.outstanding(0, 2)) == (1, 2)
    assert (stage.state.devices, stage.state.joins) == (2, 1)


@pytest.mark.parametrize("wrong", [{"dataset_root": ZERO32}, {"dataset_size": 0}, {"rate_ns": 0}])
def test_reverts_when_the_commitment_is_empty(stage, wrong):
    stage.open(miners=1)
    fields = {"dataset_root": b"\1" * 32, "dataset_size": 5, "rate_ns": 6} | wrong
    action = act.RegisterDevice(stage.federation, stage.contract(0), **fields)
    refused = refusal(lambda: stage.perform(action, stage.device(7)))
    assert refused == ("MinerInvalidCommitment", *fields.values())


def test_reverts_when_a_device_registers_with_the_same_miner_again(stage):
    stage.open(miners=1)
    refused = refusal(lambda: stage.register(0, stage.contract(0)))
    assert refused == ("MinerDeviceAlreadyBound", stage.device(0))


def test_reverts_when_the_miner_leaves(stage):
    stage.open(miners=2)
    stage.leave(1)
    assert refusal(lambda: stage.register(7, stage.contract(1))) == ("FederationOnlyMiner", stage.contract(1))


def test_reverts_when_too_many_join_between_two_openings(stage):
    stage.found(make_config(stage.world.consensus.address, max_joins=2))
    stage.populate(miners=2)
    assert refusal(lambda: stage.register(7, stage.contract(0))) == ("FederationTooManyJoins", 2)
    stage.tick()
    stage.register(7, stage.contract(0))


def test_who_comes_and_goes_takes_no_place_from_others(stage):
    """M4: joins are counted net, so nobody can use them up alone."""
    stage.found(make_config(stage.world.consensus.address, max_joins=2))
    stage.populate(miners=2)
    for _ in range(5):
        stage.leave_device(0)
        stage.register(0, stage.contract(0))
        stage.register(0, stage.contract(1))
        stage.register(0, stage.contract(0))
    assert (stage.state.devices, stage.state.joins) == (2, 2)


def test_reverts_when_there_are_too_many_devices_unless_one_moves(stage):
    stage.open(miners=2, max_devices=2, max_joins=2)
    assert refusal(lambda: stage.register(7, stage.contract(0))) == ("FederationDevicesFull", 2)
    stage.register(1, stage.contract(0))
    stage.leave_device(1)
    stage.register(7, stage.contract(0))


def test_a_device_that_moves_leaves_its_update_behind_and_starts_afresh(stage):
    stage.open(miners=2)
    stage.submit(0)
    former, miner = stage.contract(0), stage.contract(1)
    events = stage.register(0, miner)
    assert events[:2] == [DeviceUnbound(stage.device(0), former), DeviceBound(stage.device(0), miner, 2)]
    assert stage.world.pool(former, 1).count == 1
    info = stage.world.device(stage.federation, stage.device(0))
    assert (info.miner, info.from_round, info.seen, info.submitted) == (miner, 2, 1, 0)
    assert refusal(lambda: stage.submit(0)) == ("MinerDeviceNotYetActive", stage.device(0), 2, 1)
    assert (stage.outstanding(0, 1), stage.outstanding(1, 1)) == (0, 1)


def test_nobody_waits_for_a_device_that_moved_or_left(stage):
    stage.open(miners=2, devices_each=2)
    stage.register(0, stage.contract(1))
    assert stage.leave_device(1) == [DeviceUnbound(stage.device(1), stage.contract(0))]
    assert (stage.outstanding(0, 1), stage.outstanding(1, 1)) == (0, 2)
    assert stage.world.device(stage.federation, stage.device(1)) is None
    stage.submit(2)
    stage.submit(3)
    assert names(stage.tick()) == ["TrainingClosed"]


def test_an_update_stays_when_its_device_leaves(stage):
    stage.open(miners=1, devices_each=2)
    stage.submit(0)
    stage.leave_device(0)
    stage.submit(1)
    assert stage.tick()[0].updates == 2


def test_reverts_when_a_device_is_not_bound(stage):
    stage.open(miners=1)
    stranger = stage.device(9)
    assert refusal(lambda: stage.submit(9)) == ("MinerDeviceNotBound", stranger)
    assert refusal(lambda: stage.leave_device(9)) == ("MinerDeviceNotBound", stranger)
    assert refusal(lambda: stage.check_in_device(9)) == ("MinerDeviceNotBound", stranger)


# M7 and M8: who counts


def play(stage, devices):
    """A round to its end with the updates of ``devices`` only."""
    for device in devices:
        stage.submit(device)
    if not stage.world.due(stage.federation, stage.now):
        stage.wait_until_late()
    stage.tick()
    stage.vote(0)
    stage.propose(0)


def test_a_device_counts_for_silent_rounds_after_it_was_seen(stage):
    stage.open(miners=1, devices_each=2, silent_rounds=2)  # seen in round 0
    assert stage.outstanding(0, 1) == 2
    play(stage, [0])
    assert stage.outstanding(0, 2) == 2
    play(stage, [0])
    assert (stage.state.round, stage.outstanding(0, 3)) == (3, 1)
    play(stage, [0, 1])  # M8: it may submit all the same, and is back
    assert stage.outstanding(0, 4) == 2


def test_a_silent_device_checks_in_and_counts_from_the_next_round(stage):
    stage.open(miners=1, devices_each=2, silent_rounds=1)
    play(stage, [0])
    assert (stage.outstanding(0, 2), stage.outstanding(0, 3)) == (1, 0)
    assert stage.check_in_device(1) == [DeviceCheckedIn(stage.device(1), 2)]
    assert (stage.outstanding(0, 2), stage.outstanding(0, 3)) == (1, 1)
    play(stage, [0])
    assert stage.outstanding(0, 3) == 2


def test_a_device_that_checks_in_is_still_waited_for_in_this_round(stage):
    stage.open(miners=1, devices_each=2)
    stage.check_in_device(0)
    stage.check_in_device(0)
    assert stage.outstanding(0, 1) == 2
    stage.submit(1)
    assert stage.outstanding(0, 1) == 1
    stage.submit(0)
    assert stage.outstanding(0, 1) == 0
    assert stage.outstanding(0, 2) == 2


@pytest.mark.parametrize("leaves", [True, False])
def test_a_device_that_checked_in_and_goes_is_waited_for_no_more(stage, leaves):
    stage.open(miners=2, devices_each=2)
    stage.check_in_device(0)
    if leaves:
        stage.leave_device(0)
    else:
        stage.register(0, stage.contract(1))
    assert stage.outstanding(0, 1) == 1


def test_a_silent_federation_waits_for_its_devices(stage):
    stage.open(miners=1, silent_rounds=1, max_extensions=0)
    stage.wait_until_late()
    stage.tick()  # round 1 is skipped, nobody was seen in it
    assert (stage.state.status, stage.state.phase) == (Status.WAITING, Phase.SKIPPED)
    assert not stage.world.due(stage.federation, stage.now)
    stage.check_in_device(0)
    assert stage.world.due(stage.federation, stage.now)
    assert names(stage.tick(address(0x99))) == ["RoundOpened"]
