"""`validate` and `configure`: given a federation with a stake vault, it needs no parameters."""

from __future__ import annotations

import pytest
from support.modules import refuses

from minerva.protocol.records import ZERO_ADDRESS


@pytest.fixture
def seat(kit):
    return kit.seat("pos")


def test_takes_a_federation_with_a_vault(seat):
    """K7."""
    seat.call("validate", seat.address, b"")
    seat.send("configure", b"")


@pytest.mark.parametrize("function", ["validate", "configure"])
def test_reverts_when_there_are_parameters(seat, function):
    """K7."""
    about = (seat.address,) if function == "validate" else ()
    for given in (b"\x00", bytes(32)):
        with refuses("ConsensusInvalidParameters", given):
            seat.call(function, *about, given)


@pytest.mark.parametrize("function", ["validate", "configure"])
def test_reverts_when_there_is_no_vault(kit, seat, function):
    """K7."""
    seat.stakes.setStakeVault(ZERO_ADDRESS, {"from": kit.deployer})
    about = (seat.address,) if function == "validate" else ()
    with refuses("ConsensusInvalidParameters", b""):
        seat.call(function, *about, b"")
