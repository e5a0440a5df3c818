"""`onSlashed`: given a report to the stake vault, when it tells, the module hears and who lacks the minimum sleeps."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.stake import TERMS, account_of

from minerva.protocol.state import Status

STAKED = 4 * TERMS.minimum


@pytest.fixture
def staking(deployed, requester, owners, devices, StakeVault):
    """Round 1 of a federation whose three miners have staked."""
    from support.scene import Scene

    from brownie import Contract

    scene = Scene.create(deployed, requester, stake=TERMS)
    vault = Contract.from_abi("StakeVault", scene.federation.stakeVault(), StakeVault.abi, persist=False)
    for owner in owners[:3]:
        vault.deposit(owner, STAKED, {"from": owner, "value": STAKED})
    scene.join(*owners[:3])
    scene.register(*devices[:4])
    scene.tick()
    return scene, vault


def told(scene, vault, owner):
    return scene.federation.onSlashed(owner, 1, {"from": account_of(vault)})


def test_who_has_the_minimum_stays(staking):
    scene, vault = staking
    told(scene, vault, scene.owners[0])
    assert scene.state.dormant == 0


def test_who_lacks_the_minimum_is_dormant(staking):
    """S6: its part in the running round is untouched."""
    scene, vault = staking
    by = {"from": account_of(scene.federation)}
    for _ in range(20):
        vault.punish(scene.owners[1], 1, 0, by)
    told(scene, vault, scene.owners[1])
    s = scene.state
    assert (s.dormant, s.snapshot, s.voters) == (0b010, 0b111, 0b111)


def test_who_is_no_miner_any_more_changes_nothing(staking, stranger):
    """Evidence outlasts membership."""
    scene, vault = staking
    before = scene.state
    told(scene, vault, stranger)
    assert scene.state == before


def test_works_in_every_status(staking):
    """Nobody escapes because the federation is paused."""
    scene, vault = staking
    scene.federation.pause({"from": scene.requester})
    told(scene, vault, scene.owners[0])
    assert scene.state.status == Status.PAUSED


def test_reverts_for_others_than_the_vault(staking, stranger, requester):
    scene, _ = staking
    for account in (stranger, requester, scene.owners[0]):
        with reverts("FederationOnlyStakeVault", account):
            scene.federation.onSlashed(scene.owners[0], 1, {"from": account})
