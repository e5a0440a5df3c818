"""`configure`: given what a miner and a device need, when a federation that stakes is created, it asks for that."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts
from support.policies import Door

PARAMETERS = encode(["uint256", "uint256"], [100, 10])


def test_keeps_what_is_needed(door):
    """A1."""
    door.configure(PARAMETERS)
    assert door.policy.needOf(door.federation) == (door.stakes, 100, 10)


@pytest.mark.parametrize("parameters", [b"", PARAMETERS[:32], PARAMETERS[:-1], PARAMETERS + b"\x00" * 32])
def test_reverts_when_these_are_no_two_numbers(door, parameters):
    with reverts("PolicyInvalidParameters", parameters):
        door.configure(parameters)


def test_reverts_when_the_federation_has_no_stakes(policy, requester):
    """Nobody could ever join."""
    with reverts("PolicyInvalidParameters", PARAMETERS):
        Door.create(policy, requester, staked=False).configure(PARAMETERS)


def test_names_the_policy(policy):
    assert policy.name() == "stake"
