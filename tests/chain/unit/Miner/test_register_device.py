"""`registerDevice`: given a commitment to data, when a device registers, it counts from the next round on."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import ROOT, names


def test_before_the_first_round(make, devices):
    """M4 and M7."""
    scene = make(bound=0)
    transaction = scene.miners[0].registerDevice(ROOT, 1234, 5678, b"", {"from": devices[0]})
    assert names(transaction) == ["DeviceBound", "DeviceRegistered"]
    assert transaction.events["DeviceRegistered"] == {
        "device": devices[0],
        "datasetRoot": f"0x{ROOT.hex()}",
        "datasetSize": 1234,
        "rateNs": 5678,
        "fromRound": 1,
    }
    assert scene.miners[0].deviceOf(devices[0]) == (1, 0, 0)
    assert scene.miners[0].pool(1)[2] == 1


def test_during_a_round(training, devices):
    """M4 and M7: seen in this round, counting in the next."""
    training.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[5]})
    assert training.miners[1].deviceOf(devices[5]) == (2, 1, 0)
    assert training.miners[1].pool(1)[2] == 1
    assert training.miners[1].pool(2)[2] == 2


def test_rebinding_starts_afresh(training, devices):
    """M5 and E7: not in the pool of the new miner in this round, though counting at the old one."""
    training.submit(0)
    training.miners[1].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})
    assert training.miners[1].deviceOf(devices[0]) == (2, 1, 0)
    with reverts("MinerDeviceNotYetActive", devices[0], 2, 1):
        training.miners[1].submitUpdate(training.claim(9), {"from": devices[0]})


def test_coming_back_after_leaving_starts_afresh(training, devices):
    """M6 and E7: leaving and coming back is no way to submit twice."""
    training.submit(0)
    training.miners[0].leave({"from": devices[0]})
    training.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})
    with reverts("MinerDeviceNotYetActive", devices[0], 2, 1):
        training.submit(0)


def test_reverts_when_bound_here_already(waiting, devices):
    """M5."""
    with reverts("MinerDeviceAlreadyBound", devices[0]):
        waiting.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[0]})


@pytest.mark.parametrize("root, size, rate", [(bytes(32), 1, 1), (ROOT, 0, 1), (ROOT, 1, 0)])
def test_reverts_when_the_commitment_is_empty(waiting, devices, root, size, rate):
    """M4."""
    with reverts("MinerInvalidCommitment", root, size, rate):
        waiting.miners[0].registerDevice(root, size, rate, b"", {"from": devices[6]})


def test_reverts_in_the_order_of_the_checks(make, devices):
    """E5: OnlyMiner, TooManyJoins, DeviceAlreadyBound, InvalidCommitment."""
    scene = make(bound=4, max_joins=4)
    nothing = (bytes(32), 0, 0)
    with reverts("FederationTooManyJoins", 4):
        scene.miners[0].registerDevice(*nothing, b"", {"from": devices[6]})
    with reverts("MinerDeviceAlreadyBound", devices[0]):
        scene.miners[0].registerDevice(*nothing, b"", {"from": devices[0]})
    scene.federation.leave({"from": scene.owners[0]})
    with reverts("FederationOnlyMiner", scene.miners[0]):
        scene.miners[0].registerDevice(*nothing, b"", {"from": devices[0]})
