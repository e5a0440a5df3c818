"""`configure`: given valid parameters, when a federation calls, now or again, it starts afresh."""

from __future__ import annotations

import pytest
from support.modules import NAMES, PARAMETERS

from minerva.protocol import schedule
from minerva.protocol.records import ZERO32


@pytest.mark.parametrize("name", NAMES)
def test_says_so(kit, name):
    seat = kit.seat(name)
    sent = seat.send("configure", PARAMETERS[name])
    assert sent.events == [("ConsensusConfigured", (seat.address, PARAMETERS[name]))]


@pytest.mark.parametrize("name", NAMES)
def test_leaves_nothing_of_a_former_time(kit, name):
    """K10: no lanes, no voters, no former seed."""
    seat = kit.opened(name, 0b111, {0: 5, 1: 6, 2: 7})
    seat.send("onSlashed", 1, 0)
    seat.configure()
    assert (seat.order(), seat.lanes(), seat.weigh(0b111)) == ((), (), 0)
    sent = seat.open(0b111)
    expected = schedule.seed(31337, seat.address, 2, ZERO32, b"\x4e" * 32, sent.randao)
    assert seat.call("seed", seat.address) == (expected,)


@pytest.mark.parametrize("name", NAMES)
def test_names_the_module(kit, name):
    assert kit.seat(name).call("name") == (name,)
