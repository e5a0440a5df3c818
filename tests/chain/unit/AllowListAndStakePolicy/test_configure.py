"""`configure`: given a root and what is staked, when a federation that stakes is created, it asks for both."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts
from support.policies import Door
from support.scene import names

ROOT = b"\x5a" * 32
PARAMETERS = encode(["bytes32", "uint256", "uint256"], [ROOT, 100, 10])


def test_keeps_both(door):
    """A1."""
    assert names(door.configure(PARAMETERS)) == ["AllowListChanged"]
    assert bytes(door.policy.rootOf(door.federation)) == ROOT
    assert door.policy.needOf(door.federation) == (door.stakes, 100, 10)


@pytest.mark.parametrize("parameters", [b"", PARAMETERS[:64], PARAMETERS[:-1], PARAMETERS + b"\x00" * 32])
def test_reverts_when_they_are_others(door, parameters):
    with reverts("PolicyInvalidParameters", parameters):
        door.configure(parameters)


def test_reverts_when_the_federation_has_no_stakes(policy, requester):
    with reverts("PolicyInvalidParameters", PARAMETERS):
        Door.create(policy, requester, staked=False).configure(PARAMETERS)


def test_names_the_policy(policy):
    assert policy.name() == "allow-list-and-stake"
