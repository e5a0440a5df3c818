"""`onFinalized`, `onTimeout`, `onJoined`, `onSlashed`, `replace`, `weigh`: whom the modules listen to."""

from __future__ import annotations

import pytest
from support.modules import NAMES, refuses

CALLS = {
    "onFinalized": (1, 10),
    "onTimeout": (1,),
    "onJoined": (0,),
    "onSlashed": (1, 0),
    "replace": (1, 0b1),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("function", CALLS)
def test_reverts_when_not_configured(kit, name, function):
    seat = kit.seat(name)
    with refuses("ConsensusNotConfigured", seat.address):
        seat.call(function, *CALLS[function])


@pytest.mark.parametrize("name", NAMES)
def test_a_timeout_changes_nothing_but_the_turn(kit, name):
    """K4: that the federation counts."""
    seat = kit.opened(name, 0b111)
    before = (seat.order(), seat.lanes())
    assert seat.send("onTimeout", 1).events == []
    assert (seat.order(), seat.lanes()) == before


@pytest.mark.parametrize("name", NAMES)
def test_nobody_weighs_anything_elsewhere(kit, name):
    """K2: who is no voter, or of another federation, has no weight."""
    seat, other = kit.opened(name, 0b111), kit.seat(name)
    assert seat.weigh(0b111) >= 3
    assert seat.weigh(~0b111 & 2**64 - 1) == 0
    assert other.weigh(0b111) == 0


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_a_round_stay_what_they_were_at_its_opening(kit, name):
    """K5: whoever joins or is slashed in between."""
    seat = kit.opened(name, 0b111, {0: 9, 1: 8, 2: 7})
    before = [seat.weigh(1 << i) for i in range(3)], seat.order()
    seat.send("onSlashed", 1, seat.order()[0])
    seat.send("onJoined", seat.order()[1])
    assert ([seat.weigh(1 << i) for i in range(3)], seat.order()) == before
