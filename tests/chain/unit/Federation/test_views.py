"""The views: given any state, when they are read, they tell it."""

from __future__ import annotations

import pytest
from support import clock

from minerva.protocol.state import Phase

NOTHING = "0x" + "0" * 64


@pytest.mark.parametrize(
    "name, phase", [("training", 1), ("verification", 2), ("mining", 3), ("attestation", 4)]
)
def test_phase_of_any_round(scenes, name, phase):
    federation = scenes[name].federation
    assert [federation.phase(r) for r in (0, 1, 2, 2**32 - 1)] == [
        Phase.PENDING,
        phase,
        Phase.PENDING,
        Phase.PENDING,
    ]


def test_state_shows_roots_only_once_they_are_fixed(scenes):
    """E6."""
    shown = {
        name: [
            value != NOTHING
            for value in (scene.state.updatesRoot, scene.state.ballotsRoot, scene.state.candidate)
        ]
        for name, scene in scenes.items()
    }
    assert shown == {
        "waiting": [False, False, False],
        "training": [False, False, False],
        "verification": [True, False, False],
        "mining": [True, True, False],
        "attestation": [True, True, True],
    }


def test_roots_of_the_round_before_are_not_shown(attestation):
    """E6: storage is left as it is, to save gas; views must not show it."""
    attestation.attest(1)
    s = attestation.state
    assert (s.updates, s.updatesRoot, s.ballotsRoot, s.candidate) == (0, NOTHING, NOTHING, NOTHING)
    attestation.close_training()
    assert attestation.state.ballotsRoot == NOTHING


def test_block_of_knows_no_round_to_come(attestation):
    assert [attestation.federation.blockOf(r) for r in (0, 1, 2)] == [NOTHING] * 3


def test_current_round_and_minerof(training, devices, stranger):
    assert training.federation.currentRound() == 1
    assert training.federation.minerOf(devices[0]) == training.miners[0]
    assert training.federation.minerOf(stranger) == "0x" + "0" * 40


@pytest.mark.parametrize("name", ["training", "verification", "mining", "attestation"])
def test_a_deadline_that_passed_is_due_in_every_phase(scenes, chain, name):
    scene = scenes[name]
    assert not scene.federation.due()
    scene.expire()
    chain.mine()
    assert scene.federation.due()


def test_training_is_due_before_its_deadline_once_all_have_submitted_and_enough(make):
    """P2."""
    scene = make(bound=3, min_devices=2, min_updates=2)
    scene.tick()
    for device, due in enumerate((False, False, True)):
        scene.submit(device)
        assert scene.federation.due() is due
    few = make(bound=2, min_devices=2, min_updates=3)
    few.tick()
    few.submit(0, 1)
    assert not few.federation.due()


def test_nothing_is_due_before_there_are_enough_nor_after_the_end(make, chain, requester):
    """P1 and E2."""
    scene = make(miners=1, bound=2)
    assert not scene.federation.due()
    scene.federation.close({"from": requester})
    clock.next_block_at(clock.now() + 10**6)
    chain.mine()
    assert not scene.federation.due()
