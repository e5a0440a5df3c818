"""`requireTraining`: given a miner's index, when its contract asks, it refuses outside Training and the snapshot."""

from __future__ import annotations

import pytest
from support.errors import reverts

from minerva.protocol.state import Phase, Status


def test_passes_in_training(training):
    training.federation.requireTraining(1, 2)


@pytest.mark.parametrize("index", [3, 63, 64, 255])
def test_reverts_when_the_index_is_not_in_the_snapshot(training, stranger, index):
    with reverts("FederationNotInSnapshot", stranger, 1):
        training.federation.requireTraining(1, index, {"from": stranger})


@pytest.mark.parametrize("round", [0, 2])
def test_reverts_when_the_round_is_another(training, round):
    with reverts("FederationUnexpectedRound", 1, round):
        training.federation.requireTraining(round, 0)


@pytest.mark.parametrize("scene, phase", [("verification", 2), ("mining", 3), ("attestation", 4)])
def test_reverts_when_the_phase_is_another(scenes, scene, phase):
    with reverts("FederationUnexpectedPhase", 1, phase, Phase.TRAINING):
        scenes[scene].federation.requireTraining(1, 0)


def test_reverts_when_waiting(waiting):
    with reverts("FederationUnexpectedStatus", Status.WAITING):
        waiting.federation.requireTraining(0, 0)
