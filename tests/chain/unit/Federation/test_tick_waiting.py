"""`tick` on Waiting: given enough miners and devices, when anybody ticks, the next round opens."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.rewards import TERMS
from support.scene import Scene, names

from brownie import Contract
from minerva.protocol.state import Phase, Status


def test_opens_the_round(waiting, stranger):
    """P1: anybody may."""
    start = clock.now() + 5
    clock.next_block_at(start)
    transaction = waiting.federation.tick({"from": stranger})
    assert names(transaction) == ["RoundOpened"]
    opened = {"round": 1, "snapshot": 0b111, "voters": 0b111, "lanes": (), "deadline": start + 1000}
    assert transaction.events["RoundOpened"] == opened
    s = waiting.state
    assert (s.status, s.phase, s.round) == (Status.RUNNING, Phase.TRAINING, 1)
    assert (s.openedAt, s.deadline, s.snapshot, s.joins) == (start, start + 1000, 0b111, 0)


@pytest.mark.parametrize("miners, bound", [(1, 2), (2, 1), (0, 0)])
def test_reverts_when_too_few_are_there(make, miners, bound):
    """P1: below minMiners or minDevices."""
    scene = make(miners=miners, bound=bound)
    assert not scene.federation.due()
    with reverts("FederationNothingDue", 0, Phase.PENDING, 0):
        scene.tick()


def test_reverts_until_the_escrow_is_full(deployed, requester, owners, devices, RewardVault):
    """P1 and Y1: before the first round only."""
    scene = Scene.create(deployed, requester, rewards=TERMS)
    scene.join(*owners[:3])
    scene.register(*devices[:4])
    vault = Contract.from_abi("RewardVault", scene.federation.rewardVault(), RewardVault.abi, persist=False)
    short = vault.required() - 1
    vault.fund(short, {"from": requester, "value": short})
    assert not scene.federation.due()
    with reverts("FederationNothingDue", 0, Phase.PENDING, 0):
        scene.tick()
    vault.fund(1, {"from": requester, "value": 1})
    assert scene.federation.due()
    scene.tick()
    assert scene.state.round == 1


def test_opens_once_enough_are_there(make, owners, devices):
    """P1."""
    scene = make(miners=1, bound=2)
    scene.join(owners[1])
    assert scene.federation.due()
    scene.tick()
    assert scene.state.snapshot == 0b11


def test_opens_with_one_miner_and_one_device(make):
    """P1: the least federation there is."""
    scene = make(miners=1, bound=1, min_miners=1, min_devices=1, min_updates=1)
    scene.tick()
    assert scene.state.snapshot == 0b1


def test_counts_only_devices_of_the_snapshot(make):
    """P1: those of a miner that is no member any more do not count."""
    scene = make(miners=3, bound=3, min_devices=3)
    scene.federation.leave({"from": scene.owners[0]})
    assert not scene.federation.due()


def test_reverts_when_paused(waiting, requester):
    """P9."""
    waiting.federation.pause({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.PAUSED):
        waiting.tick()


def test_reverts_when_closed(waiting, requester):
    """P10."""
    waiting.federation.close({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.CLOSED):
        waiting.tick()


def test_goes_through_all_rounds_and_closes(deployed, requester, owners, devices):
    """P6: a single miner, three rounds; finality opens the next one in the same transaction."""
    scene = Scene.create(deployed, requester, rounds=3, min_miners=1, min_devices=1, min_updates=1)
    scene.join(owners[0])
    scene.register(devices[0])
    scene.tick()
    for round in (1, 2):
        transaction = scene.finish_round()
        assert names(transaction)[-1] == "RoundOpened"
        assert scene.state.round == round + 1
    transaction = scene.finish_round()
    assert names(transaction)[-1] == "FederationClosed"
    assert transaction.events["FederationClosed"] == {"round": 3, "height": 3, "head": scene.state.head}
    assert scene.state.status == Status.CLOSED
    assert [scene.federation.phase(r) for r in range(5)] == [0, 5, 5, 5, 0]


def test_who_left_after_its_update_does_not_count(make, devices):
    """M7 and P1: all four submitted, three are left."""
    scene = make(min_devices=4)
    scene.tick()
    scene.close_training()
    scene.miners[0].leave({"from": devices[3]})
    scene.vote_all()
    scene.propose()
    scene.attest(1)
    assert (scene.state.status, scene.federation.due()) == (Status.WAITING, False)


def test_a_miner_in_the_place_of_another_has_none_of_its_devices(make, owners):
    """M2, M7 and P1."""
    scene = make(min_miners=3)
    scene.tick()
    scene.federation.leave({"from": owners[2]})
    scene.finish_round()
    assert scene.state.status == Status.WAITING
    scene.federation.leave({"from": owners[0]})
    scene.join(*owners[3:5])
    assert scene.state.members == 0b111
    assert not scene.federation.due()
