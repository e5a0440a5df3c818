"""`validate` and `configure`: given one parameter, it is the committee's size."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.modules import refuses


@pytest.mark.parametrize("size", [1, 3, 64])
def test_takes_a_size_within_bounds(kit, size):
    """K9."""
    seat, given = kit.seat("committee"), encode(["uint8"], [size])
    seat.call("validate", seat.address, given)
    seat.send("configure", given)
    voters, _ = seat.open(2**64 - 1).result
    assert voters.bit_count() == size


@pytest.mark.parametrize("function", ["validate", "configure"])
@pytest.mark.parametrize(
    "given", [bytes(32), *(encode(["uint256"], [n]) for n in (65, 257, 2**255)), b"", b"\x03", bytes(64)]
)
def test_reverts_when_it_is_out_of_bounds(kit, function, given):
    """K9."""
    seat = kit.seat("committee")
    about = (seat.address,) if function == "validate" else ()
    with refuses("ConsensusInvalidParameters", given):
        seat.call(function, *about, given)
