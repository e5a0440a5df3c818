"""Client momentum: what a device sends is its average over rounds, whatever happens to the device between them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from device_scene import SPEC, FakeTrainer, Scene, await_, open_round, running

from minerva.device.privacy import PrivacyTerms
from minerva.errors import TaskError, UserError
from minerva.learning.momentum import momentum
from minerva.learning.training import LocalResult
from minerva.learning.weights import check_update, parse
from minerva.protocol.manifest import Manifest, TensorSpec


class TorchTrainer(FakeTrainer):
    """Gives tensors, as a task does."""

    def train(self, base: bytes, round_: int) -> LocalResult:
        result = super().train(base, round_)
        return replace(result, state={name: torch.from_numpy(array) for name, array in result.state.items()})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, aggregation="client_momentum:beta=500+centred_clipping")


def sent(scene: Scene, index: int = -1) -> float:
    """The number that fills the model that the device sent, whose global model was all zeros."""
    record = scene.submissions()[index]
    weights = check_update(
        scene.store.get(record.cid, max_bytes=4096, timeout=1),
        SPEC,
        federation=scene.federation,
        round=record.round,
        device=scene.driver.device(0),
        max_bytes=4096,
    )
    (value,) = {float(x) for array in weights.arrays for x in array.ravel()}
    return value


def end_round(scene: Scene) -> None:
    """Let the round end with the model that it began with, all zeros."""
    scene.chain.advance(1000)
    scene.driver.tick()
    scene.driver.vote(0)
    scene.driver.propose(0, model=scene.chain.config(scene.federation).model)


def rounds(scene: Scene, *numbers: int) -> None:
    """Run these rounds, each with a device that was just started."""
    for number in numbers:
        device = scene.device(trainer=TorchTrainer())
        with running(device):
            await_(lambda number=number: [e.round for e in scene.submissions()][-1:] == [number])
        end_round(scene)


def test_it_is_the_papers_average() -> None:
    rows = [np.float32([1, -2]), np.float32([0, 4])]
    assert momentum(0.75, rows[1], rows[0]).tolist() == [0.75, -0.5]
    assert momentum(0.0, rows[1], rows[0]).tolist() == rows[1].tolist()


def test_a_device_that_is_started_anew_each_round_sends_its_momentum(scene: Scene) -> None:
    """The trainer moves each number by 1, 2, 3: its average is 1, then 1.5, then 2.25."""
    open_round(scene)
    rounds(scene, 1, 2, 3)
    assert [sent(scene, index) for index in range(3)] == [1.0, 1.5, 2.25]


def test_a_round_trained_again_begins_where_it_began_before(scene: Scene) -> None:
    open_round(scene)
    rounds(scene, 1)
    state, device = scene.chain.state(scene.federation), scene.device(trainer=TorchTrainer())
    device.check()
    (miner,) = scene.chain.miners(scene.federation)
    first, again = (device.prepare(state, miner).action.cid for _ in range(2))
    rounds(scene, 2)
    assert first == again == scene.submissions()[-1].cid and sent(scene) == 1.5


def test_without_it_a_device_sends_its_model(tmp_path: Path) -> None:
    scene = Scene(tmp_path, aggregation="centred_clipping")
    open_round(scene)
    rounds(scene, 1, 2)
    assert [sent(scene, 0), sent(scene, 1)] == [1.0, 2.0]


def test_a_damaged_momentum_begins_anew(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    open_round(scene)
    rounds(scene, 1)
    (file,) = (scene.folder / "device-0").glob("momentum-*")
    file.write_bytes(file.read_bytes()[:-1])
    rounds(scene, 2)
    assert sent(scene) == 2.0 and "the momentum of the last round is damaged" in caplog.text


def test_an_update_that_never_left_plays_no_part(scene: Scene) -> None:
    """The device trains for round 2 and its record is never sent: round 3 goes on from round 1."""
    open_round(scene, devices=2)
    rounds(scene, 1)
    device = scene.device(trainer=TorchTrainer())
    device.check()
    (miner,) = scene.chain.miners(scene.federation)
    device.prepare(scene.chain.state(scene.federation), miner)
    scene.driver.submit(1)
    end_round(scene)
    rounds(scene, 3)
    assert sent(scene) == 0.5 * 1 + 0.5 * 3


def test_after_a_long_absence_it_begins_anew(scene: Scene) -> None:
    open_round(scene, devices=2)
    rounds(scene, 1)
    for _ in range(4):
        scene.driver.submit(1)
        end_round(scene)
    rounds(scene, 6)
    assert sent(scene) == 6.0


def test_with_privacy_nothing_of_updates_without_noise_is_told(scene: Scene) -> None:
    """Clipped to a thousandth and noised, an update has nothing of the ones that moved by 1."""
    open_round(scene)
    rounds(scene, 1)
    terms = PrivacyTerms(noise_multiplier=1.0, max_norm=0.001, delta=1e-5, budget_epsilon=50.0)
    device = scene.device(trainer=TorchTrainer(), privacy=terms)
    with running(device):
        await_(lambda: [e.round for e in scene.submissions()][-1:] == [2])
    data = scene.store.get(scene.submissions()[-1].cid, max_bytes=4096, timeout=1)
    assert max(float(np.abs(array).max()) for array in parse(data).arrays) < 0.01


def test_canaries_are_refused_with_it(scene: Scene) -> None:
    with pytest.raises(UserError, match="with client momentum an update is more than one"):
        scene.device(canary=True).check()


def test_old_momenta_do_not_pile_up(scene: Scene) -> None:
    open_round(scene)
    rounds(scene, *range(1, 8))
    kept = sorted(file.name for file in (scene.folder / "device-0").glob("momentum-*"))
    assert kept == [f"momentum-{number}.safetensors" for number in (4, 5, 6, 7)]


def test_a_model_of_other_numbers_is_refused_before_anything_is_sent(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Manifest.from_bytes

    def with_counter(data: bytes) -> Manifest:
        manifest = before(data)
        return replace(manifest, tensors=(*manifest.tensors, TensorSpec("steps", (1,), "I64")))

    monkeypatch.setattr(Manifest, "from_bytes", with_counter)
    with pytest.raises(TaskError, match="only a model of float32 can be one vector: steps"):
        scene.device().check()
