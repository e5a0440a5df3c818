"""`bindDevice`: given a member's contract, when a device registers there, it is bound to it and to no other."""

from __future__ import annotations

from support.errors import reverts
from support.scene import ROOT, names


def test_binds_from_the_next_round(training, devices):
    """M4."""
    transaction = training.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[5]})
    assert transaction.events["DeviceBound"] == {
        "device": devices[5],
        "miner": training.miners[1].address,
        "fromRound": 2,
    }
    assert training.federation.minerOf(devices[5]) == training.miners[1]
    assert (training.state.devices, training.state.joins) == (5, 1)


def test_releases_from_the_former_miner(training, devices):
    """M5 and E3: one device stays one device."""
    transaction = training.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})
    assert names(transaction) == ["DeviceUnbound", "DeviceBound", "DeviceRegistered"]
    assert transaction.events["DeviceUnbound"]["miner"] == training.miners[0]
    assert training.federation.minerOf(devices[0]) == training.miners[1]
    assert training.miners[0].deviceOf(devices[0]) == (0, 0, 0)
    assert (training.state.devices, training.state.joins) == (4, 0)


def test_releases_from_a_miner_that_left(make, devices):
    """M5: nobody is held by a contract that is no member any more."""
    scene = make()
    scene.federation.leave({"from": scene.owners[0]})
    scene.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})
    assert scene.federation.minerOf(devices[0]) == scene.miners[1]
    assert scene.state.devices == 4


def test_reverts_when_too_many_joined(make, devices):
    """M4: re-binding does not count, and who leaves makes room."""
    scene = make(bound=5, max_joins=5)
    scene.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[1]})
    with reverts("FederationTooManyJoins", 5):
        scene.register(devices[6])
    scene.miners[0].leave({"from": devices[1]})
    scene.register(devices[6])


def test_counts_joins_afresh_after_an_opening(make, devices):
    """M4 and P1."""
    scene = make(bound=4, max_joins=4)
    scene.tick()
    assert scene.state.joins == 0
    scene.register(devices[4])


def test_reverts_when_full(make, devices):
    """M4: re-binding still works."""
    scene = make(bound=4, max_devices=4, max_joins=4)
    scene.tick()
    with reverts("FederationDevicesFull", 4):
        scene.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[5]})
    scene.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})


def test_reverts_when_the_miner_leaves(training, devices):
    """M4."""
    training.federation.leave({"from": training.owners[0]})
    with reverts("FederationOnlyMiner", training.miners[0]):
        training.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[5]})


def test_reverts_when_the_miner_left(waiting, devices):
    """M4."""
    waiting.federation.leave({"from": waiting.owners[0]})
    with reverts("FederationOnlyMiner", waiting.miners[0]):
        waiting.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[5]})


def test_reverts_when_called_by_anybody_else(waiting, stranger):
    with reverts("FederationOnlyMiner", stranger):
        waiting.federation.bindDevice(stranger, b"", {"from": stranger})
