"""An attack in a real device: what it commits to and serves is what the attack says, and it is honest in other rounds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from device_scene import FakeTrainer, Scene

from minerva.attacks import ATTACKS, attack
from minerva.attacks.devices import Claiming, malicious
from minerva.demo.adversaries import KINDS, OverReporter
from minerva.device.daemon import Device
from minerva.device.journal import Journal
from minerva.device.settings import DeviceSettings
from minerva.device.training import TaskTrainer
from minerva.device.transport import Transport
from minerva.errors import ContentUnavailable
from minerva.learning.task import load_task
from minerva.learning.weights import parse, state_to_bytes


def evil(scene: Scene, kind: type[Device], number: int = 1) -> Device:
    return kind(
        scene.chain, scene.actor(number), Transport(scene.store, push=False), scene.federation, FakeTrainer(),
        Journal(scene.folder / f"device-{number}"),
        DeviceSettings(fetch_seconds=1.0, poll_seconds=0.05, retry_seconds=0.001, rounds=1),
    )  # fmt: skip


@pytest.fixture
def scene(tmp_path) -> Scene:
    made = Scene(tmp_path, min_devices=2)
    made.driver.join(0)
    return made


def attacked(scene: Scene, name: str, **changes: int):
    """An honest device's round, then a malicious one's: its record, the honest content and its own (None: not served)."""
    honest, bad = (
        scene.device(0),
        evil(scene, malicious(name, **{"wanted": 1, "patience_seconds": 5} | changes)),
    )
    honest.register()
    bad.register()
    scene.driver.tick()
    assert honest.run() == 1
    assert bad.run() == 1
    (theirs,), (own,) = scene.submissions(0), scene.submissions(1)
    contents = []
    for record in (theirs, own):
        try:
            contents.append(scene.store.get(record.cid, max_bytes=1 << 22, timeout=0.1))
        except ContentUnavailable:
            contents.append(None)
    return own, *contents


def delta(content: bytes) -> np.ndarray:
    return np.concatenate([array.ravel() for array in parse(content).arrays])  # the genesis model is zero


@pytest.mark.parametrize(
    ("name", "factor"), [("copy", 1), ("copy-scaled", 2), ("sign-flip", -1), ("ipm-10", -10)]
)
def test_what_others_serve_is_turned_against_them(scene, name, factor):
    _, honest, bad = attacked(scene, name)
    assert np.array_equal(delta(bad), factor * delta(honest))
    assert parse(bad).metadata["device"] == scene.driver.device(1)


@pytest.mark.parametrize("name", ["no-training", "no-training-noise", "gaussian"])
def test_what_needs_nothing_of_others_waits_for_nobody(scene, name):
    bad = delta(attacked(scene, name, patience_seconds=0)[2])
    assert bad.any() == (name != "no-training") and np.isfinite(bad).all()


@pytest.mark.parametrize("name", ["nan", "truncated", "oversized"])
def test_the_file_is_tampered_with(scene, name):
    _, honest, bad = attacked(scene, name)
    if name == "nan":
        assert np.isnan(delta(bad)).sum() == 1
    else:
        assert len(bad) == (
            len(honest) - 3
            if name == "truncated"
            else scene.chain.config(scene.federation).max_model_bytes + 1
        )


def test_a_withheld_content_is_committed_to_and_never_served(scene):
    own, honest, bad = attacked(scene, "withheld")
    assert own.round == 1 and bad is None and honest is not None


def test_a_front_run_copy_commits_to_anothers_cid(scene):
    own, honest, bad = attacked(scene, "front-run-copy")
    assert bad == honest and own.cid == scene.submissions(0)[0].cid
    assert parse(bad).metadata["device"] == scene.driver.device(0)


def test_without_others_it_is_honest(scene):
    _, honest, bad = attacked(scene, "alie", wanted=2, patience_seconds=1)
    assert np.array_equal(delta(bad), delta(honest))


def test_it_is_honest_before_and_after(scene):
    _, honest, bad = attacked(scene, "ipm-10", from_round=2)
    assert np.array_equal(delta(bad), delta(honest))


def test_claims_are_made_at_registration_and_in_each_record(scene):
    own, _, _ = attacked(scene, "sample-inflation")
    assert own.samples == 100 * 100
    trainer = Claiming(FakeTrainer(), attack("consistent-liar"))
    assert trainer.commitment()[1:] == (1000, 1000)
    result = trainer.train(b"", 1)
    assert (result.samples, result.compute_us) == (
        1000,
        10 * 200,
    )  # no slower than twice its rate: 100 samples, 1 µs each


def test_poisoned_labels_are_trained_on_and_committed_to():
    task = load_task("digits")
    (x, y), _ = task.load_data()
    honest = TaskTrainer(task, x[:50], y[:50], client=0)
    changed = honest.on(*ATTACKS["label-flip"].poison(*honest.samples, np.random.default_rng(0)))
    assert torch.equal(changed.samples[1], 9 - y[:50]) and torch.equal(honest.samples[1], y[:50])
    base = state_to_bytes(task.initial_state(), {})
    one, other = (trainer.train(base, 1).state for trainer in (honest, changed))
    assert not torch.equal(one["0.weight"], other["0.weight"])


def test_the_demo_cast_is_made_of_these_attacks():
    assert KINDS["over-reporter"] is OverReporter and KINDS["honest"] is Device
    assert KINDS["copier"].attack is ATTACKS["copy"] and KINDS["withholder"].attack is ATTACKS["withheld"]
