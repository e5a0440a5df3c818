"""`leave`: given a bound device, when it leaves, it counts no more and its update stays."""

from __future__ import annotations

from support.errors import reverts
from support.scene import names


def test_leaves(training, devices):
    """M6."""
    transaction = training.miners[0].leave({"from": devices[0]})
    assert names(transaction) == ["DeviceUnbound"]
    assert training.miners[0].deviceOf(devices[0]) == (0, 0, 0)
    assert training.miners[0].pool(1)[2] == 1


def test_its_update_stays(training, devices):
    """M6."""
    training.submit(0)
    before = training.miners[0].pool(1)
    training.miners[0].leave({"from": devices[0]})
    assert training.miners[0].pool(1) == before
    assert training.miners[0].pool(2)[2] == 1


def test_leaves_after_checking_in(training, devices):
    """M7: it is awaited no more."""
    training.miners[0].checkIn({"from": devices[0]})
    assert training.miners[0].pool(1)[2] == 2
    training.miners[0].leave({"from": devices[0]})
    assert training.miners[0].pool(1)[2] == 1


def test_leaves_a_miner_that_left(waiting, devices):
    """E5: nobody is held."""
    waiting.federation.leave({"from": waiting.owners[0]})
    waiting.miners[0].leave({"from": devices[0]})
    assert waiting.state.devices == 3


def test_reverts_when_not_bound(waiting, stranger, devices):
    with reverts("MinerDeviceNotBound", stranger):
        waiting.miners[0].leave({"from": stranger})
    with reverts("MinerDeviceNotBound", devices[0]):
        waiting.miners[1].leave({"from": devices[0]})
