"""`validate` and `configure`: given six parameters, they are within their bounds."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from eth_abi import encode
from support.modules import TERMS, refuses


def parameters(*values: int) -> bytes:
    """Also such as fit no 16 bits."""
    return encode(["uint256"] * 6, values)


SOUND = [
    TERMS.encode(),
    parameters(1, 1, 0, 0, 0, 0),
    parameters(32_767, 32_767, 1000, 32_767, 32_767, 32_767),
]
UNSOUND = [
    b"",
    bytes(192),
    TERMS.encode()[:-1],
    TERMS.encode() + b"\x00",
    *[
        parameters(*astuple(replace(TERMS, **changes)))
        for changes in (
            {"start": 0},
            {"start": TERMS.cap + 1},
            {"start": 2**16 + 1},
            {"cap": 0},
            {"cap": 32_768},
            {"cap": 2**16 + TERMS.cap},
            {"decay_permille": 1001},
            {"decay_permille": 2**256 - 1},
            {"presence": TERMS.cap + 1},
            {"ballot": TERMS.cap + 1},
            {"block": TERMS.cap + 1},
            {"block": 2**16},
        )
    ],
]


@pytest.mark.parametrize("given", SOUND)
def test_takes_parameters_within_bounds(kit, given):
    """K8."""
    seat = kit.seat("por")
    seat.call("validate", seat.address, given)
    seat.send("configure", given)


@pytest.mark.parametrize("function", ["validate", "configure"])
@pytest.mark.parametrize("given", UNSOUND)
def test_reverts_when_they_are_out_of_bounds(kit, function, given):
    """K8."""
    seat = kit.seat("por")
    about = (seat.address,) if function == "validate" else ()
    with refuses("ConsensusInvalidParameters", given):
        seat.call(function, *about, given)
