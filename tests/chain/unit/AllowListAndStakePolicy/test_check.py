"""`check`: given a list and stakes, when a federation asks, an account needs both."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts
from support.policies import MINER

from minerva.protocol.allow_list import AllowList


@pytest.fixture
def evidence(door, owners):
    """For the first owner."""
    allowed = AllowList((owner.address, MINER) for owner in owners[:2])
    door.configure(encode(["bytes32", "uint256", "uint256"], [allowed.root, 100, 10]))
    return allowed.evidence(owners[0].address, MINER)


def test_passes_with_both(door, owners, evidence):
    """A1."""
    door.stake(owners[0], 100)
    door.check(owners[0], MINER, evidence)


def test_reverts_without_enough_stake(door, owners, evidence):
    door.stake(owners[0], 99)
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER, evidence)


@pytest.mark.parametrize("shown", [b"", encode(["bytes32[]"], [[]])])
def test_reverts_without_a_place_on_the_list(door, owners, evidence, shown):
    door.stake(owners[0], 100)
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER, shown)


def test_the_requester_replaces_the_list_alone(door, owners, requester, stranger, evidence):
    """A1: what is staked stays."""
    with reverts("PolicyOnlyRequester", door.federation, stranger):
        door.policy.setRoot(door.federation, b"\x01" * 32, {"from": stranger})
    door.policy.setRoot(door.federation, b"\x01" * 32, {"from": requester})
    door.stake(owners[0], 100)
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER, evidence)
    assert door.policy.needOf(door.federation) == (door.stakes, 100, 10)
