"""`unbindDevice`: given a bound device, when its miner's contract says so, it is free."""

from __future__ import annotations

import pytest
from support.errors import reverts


def test_frees_a_place(waiting, devices):
    """M6."""
    transaction = waiting.miners[0].leave({"from": devices[0]})
    assert transaction.events["DeviceUnbound"] == {"device": devices[0], "miner": waiting.miners[0].address}
    assert waiting.federation.minerOf(devices[0]) == "0x" + "0" * 40
    assert waiting.state.devices == 3


@pytest.mark.parametrize("who", ["stranger", "another miner"])
def test_reverts_when_called_by_anybody_else(waiting, devices, stranger, who):
    caller = stranger if who == "stranger" else waiting.miners[1].address
    with reverts("FederationOnlyMiner", str(caller).lower()):
        waiting.federation.unbindDevice(devices[0], {"from": caller})
