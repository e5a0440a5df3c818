"""A device of a confidential federation (Q3)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from device_scene import FakeTrainer, Scene, await_, running

from minerva.learning.weights import parse
from minerva.sealing.address import publishing
from minerva.sealing.envelope import Context, Envelope
from minerva.sealing.keyring import Keyring


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, confidential=True)


def ring() -> Keyring:
    return Keyring(Path("none"), [X25519PrivateKey.generate()])


def join(scene: Scene, number: int) -> Keyring:
    made = ring()
    scene.driver.join(number, publishing("", made.public))
    return made


def submitted(scene: Scene) -> bytes:
    (record,) = scene.submissions()
    return scene.store.get(record.cid, max_bytes=1 << 20, timeout=1)


def test_what_it_publishes_opens_for_every_miner_to_what_it_trained(scene: Scene) -> None:
    rings = [join(scene, 0), join(scene, 1)]
    scene.device().register()
    scene.driver.tick()
    assert scene.device().run() == 1
    envelope = Envelope.read(submitted(scene))
    device = scene.driver.device(0)
    assert envelope.context == Context(scene.chain.chain_id, scene.federation, 1, device)
    for keyring in rings:
        weights = parse(envelope.open(keyring))
        assert weights.metadata == {"device": device, "federation": scene.federation, "round": "1"}
        assert all((array == 1).all() for array in weights.arrays)


def test_a_miner_without_a_key_is_named_and_left_out(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    keyring = join(scene, 0)
    keyless = scene.driver.join(1)
    scene.device().register()
    scene.driver.tick()
    with caplog.at_level(logging.WARNING):
        assert scene.device().run() == 1
    assert keyless in caplog.text and "no sealing key is published" in caplog.text
    envelope = Envelope.read(submitted(scene))
    assert [seal.miner for seal in envelope.seals] == [scene.driver.contract(0)]
    assert envelope.open(keyring)


def test_it_sends_nothing_while_nobody_could_open_it(scene: Scene) -> None:
    scene.driver.join(0)
    scene.device().register()
    scene.driver.tick()
    trainer = FakeTrainer()
    device = scene.device(trainer=trainer)
    with running(device):
        await_(lambda: "publishes a sealing key" in str(device.journal.read_status().get("problem")))
    assert not (scene.submissions() or scene.store.put_when or trainer.trained)


def test_a_restart_publishes_the_envelope_of_before(scene: Scene) -> None:
    """A second one would have another CID than the record's."""
    keyring = join(scene, 0)
    scene.device().register()
    scene.driver.tick()
    trainer = FakeTrainer()
    device = scene.device(trainer=trainer)
    device.check()
    state = device.view.state()
    miner = device.view.in_round(state, scene.driver.contract(0))
    assert miner is not None
    prepared = device.prepare(state, miner)
    device.journal.save(prepared)
    assert scene.device(trainer=trainer).run() == 1
    assert trainer.trained == [1]
    assert submitted(scene) == prepared.content
    assert Envelope.read(prepared.content).open(keyring)
