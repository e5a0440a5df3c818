"""The views: given any state, when they are read, they tell it."""

from __future__ import annotations

import pytest

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
