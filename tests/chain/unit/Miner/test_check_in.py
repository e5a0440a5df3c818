"""`checkIn`: given a silent device, when it checks in, it counts again from the next opening."""

from __future__ import annotations

from support.errors import reverts
from support.scene import names


def skip(scene):
    """Nobody does anything in Training, twice."""
    for _ in range(2):
        scene.expire()
        scene.tick()


def test_counts_again(make, devices):
    """M7: silentRounds is 1."""
    scene = make(silent_rounds=1)
    scene.tick()
    skip(scene)
    assert [miner.pool(2)[2] for miner in scene.miners] == [0, 0, 0]
    transaction = scene.miners[0].checkIn({"from": devices[0]})
    assert names(transaction) == ["DeviceCheckedIn"]
    assert transaction.events["DeviceCheckedIn"] == {"device": devices[0], "round": 1}
    assert scene.miners[0].pool(2)[2] == 1
    assert scene.miners[0].deviceOf(devices[0]) == (1, 1, 0)


def test_a_device_that_counts_is_still_awaited(training, devices):
    """M7: it was seen in an earlier round as well."""
    training.miners[0].checkIn({"from": devices[0]})
    assert training.miners[0].deviceOf(devices[0]) == (1, 1, 0)
    assert training.miners[0].pool(1)[2] == 2
    assert training.miners[0].pool(2)[2] == 2
    training.submit(0)
    assert training.miners[0].pool(1)[1:] == (1, 1)
    assert training.miners[0].pool(2)[2] == 2


def test_a_device_that_does_not_count_is_not_awaited(make, devices):
    """M7: silent for longer than silentRounds, it counts from the next round."""
    scene = make(silent_rounds=1, max_extensions=0, rounds=10)
    scene.tick()
    scene.expire()
    scene.tick()
    for number in (0, 1):
        scene.miners[number].checkIn({"from": devices[number]})
    scene.tick()
    assert scene.round == 2
    scene.miners[2].checkIn({"from": devices[2]})
    assert scene.miners[2].pool(2)[2] == 0
    assert scene.miners[2].pool(3)[2] == 1


def test_changes_nothing_when_seen_already(training, devices):
    """M7: but tells it."""
    training.submit(0)
    before = training.miners[0].pool(1)
    transaction = training.miners[0].checkIn({"from": devices[0]})
    assert names(transaction) == ["DeviceCheckedIn"]
    assert training.miners[0].pool(1) == before
    assert training.miners[0].deviceOf(devices[0]) == (1, 1, 1)


def test_twice_is_once(training, devices):
    for _ in range(2):
        training.miners[0].checkIn({"from": devices[0]})
    assert training.miners[0].pool(1)[2] == 2


def test_reverts_when_not_bound(training, stranger):
    with reverts("MinerDeviceNotBound", stranger):
        training.miners[0].checkIn({"from": stranger})
