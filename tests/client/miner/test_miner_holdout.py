"""A miner with held-out data of its own (V13)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from miner_scene import Scene, eventually

from minerva.errors import TaskError
from minerva.learning.holdout import Holdout
from minerva.learning.weights import Weights
from minerva.protocol.ballots import ACCEPT, ACCEPT_FROM
from minerva.protocol.events import BallotCast
from minerva.verification.audit import audit

MakeScene = Callable[..., Scene]


def test_its_ballot_carries_qualities_and_the_federation_goes_on(
    make_scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One miner measures, the other two do not: their blocks are the same ones."""
    scene = make_scene(miners=3, devices_each=2)

    def loss(weights: Weights) -> float:
        return float(np.abs(weights["bias"]).sum())

    monkeypatch.setattr(Holdout, "load", lambda *options: loss)
    for number in range(3):
        scene.start(number, holdout="digits" if number == 0 else "")
    scene.play(1)
    scene.await_round(2)
    logs = scene.chain.logs(scene.federation)
    ballots = {log.event.index: log.event.verdicts for log in logs if isinstance(log.event, BallotCast)}
    assert ballots[1] == ballots[2] == bytes([ACCEPT]) * 6
    measured = [verdict for verdict in ballots[0] if verdict >= ACCEPT_FROM]
    assert max(measured) == ACCEPT_FROM + 190 and len(set(measured)) > 3
    eventually(lambda: audit(scene.chain, scene.store, scene.federation, timeout=0.5).ok)


def test_it_does_not_start_with_another_task_than_the_federations(make_scene: MakeScene) -> None:
    scene = make_scene(miners=1, devices_each=1)
    with pytest.raises(TaskError, match="training code"):
        scene.start(0, holdout="digits")
