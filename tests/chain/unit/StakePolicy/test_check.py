"""`check`: given a stake, when a federation asks for its account, it passes from what the role needs on."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts, reverts_without_reason
from support.policies import DEVICE, MINER, Door


@pytest.mark.parametrize(("role", "needed"), [(MINER, 100), (DEVICE, 10)])
def test_passes_from_the_need_on(door, owners, role, needed):
    """A1."""
    door.configure(encode(["uint256", "uint256"], [100, 10]))
    for staked in (0, needed - 1):
        door.stake(owners[0], staked)
        with reverts("PolicyRefused", door.federation, owners[0], role):
            door.check(owners[0], role)
    door.stake(owners[0], needed)
    door.check(owners[0], role)


def test_passes_for_everyone_where_nothing_is_needed(door, owners):
    """Devices need not stake where miners do."""
    door.configure(encode(["uint256", "uint256"], [100, 0]))
    door.check(owners[0], DEVICE)


def test_a_stake_with_another_federation_does_not_count(door, policy, requester, owners):
    other = Door.create(policy, requester)
    for each in (door, other):
        each.configure(encode(["uint256", "uint256"], [100, 10]))
    other.stake(owners[0], 100)
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER)


def test_reverts_when_not_configured(door, owners):
    with reverts_without_reason():
        door.check(owners[0], MINER)
