"""A device's life: join, train once, commit once, serve only what is committed, resume after any kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from device_scene import FakeTrainer, Scene, await_, open_round, running

from minerva.device.transport import Transport
from minerva.errors import TaskError, UserError
from minerva.protocol.actions import LeaveMiner
from minerva.protocol.state import Phase, Status


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


class MortalActor:
    """An actor that dies before or after a submission is sent."""

    def __init__(self, actor: Any, *, before: bool) -> None:
        self._actor, self._before = actor, before
        self.address = actor.address

    def __getattr__(self, name: str) -> Any:
        return getattr(self._actor, name)

    def send(self, action: Any, *, timeout: float = 60.0) -> Any:
        if type(action).__name__ != "SubmitUpdate":
            return self._actor.send(action)
        if not self._before:
            self._actor.send(action)
        raise Killed


def test_registers_with_its_commitment_and_is_bound(scene: Scene) -> None:
    contract = scene.driver.join(0)
    info = scene.device().register()
    assert (info.miner, info.from_round) == (contract, 1)
    assert scene.device().register() == info, "a second time changes nothing"


def test_refuses_a_federation_with_other_code_and_registers_nothing(scene: Scene) -> None:
    scene.driver.join(0)
    with pytest.raises(TaskError):
        scene.device(trainer=FakeTrainer(code="00")).register()
    assert scene.chain.device(scene.federation, scene.driver.device(0)) is None


def test_registering_with_an_unknown_miner_names_it(scene: Scene) -> None:
    scene.driver.join(0)
    with pytest.raises(UserError, match=r"no such miner.*0x9"):
        scene.device().register("0x9999999999999999999999999999999999999999")


def test_submits_once_and_serves_its_bytes_only_when_the_record_is_in_a_block(scene: Scene) -> None:
    open_round(scene)
    scene.store.witness = lambda: len(scene.submissions())
    assert scene.device().run() == 1
    (record,) = scene.submissions()
    assert scene.store.put_when == [1], "put once, after the record"
    content = scene.store.get(record.cid, max_bytes=1 << 20, timeout=1)
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["__metadata__"] == {
        "device": scene.driver.device(0),
        "federation": scene.federation,
        "round": "1",
    }


@pytest.mark.parametrize(
    "before", [True, False], ids=["before the record is sent", "after it, before the bytes are served"]
)
def test_resumes_after_a_kill_without_training_or_submitting_twice(scene: Scene, before: bool) -> None:
    open_round(scene)
    trainer = FakeTrainer()
    with pytest.raises(Killed):
        scene.device(actor=MortalActor(scene.actor(0), before=before), trainer=trainer).run()
    again = scene.device(trainer=trainer)
    if before:
        again.run()
    else:
        with running(again):
            await_(lambda: bool(scene.store.put_when))
    assert trainer.trained == [1]
    (record,) = scene.submissions()
    assert scene.store.has(record.cid)


def test_a_half_written_journal_is_trained_again(scene: Scene) -> None:
    open_round(scene)
    with pytest.raises(Killed):
        scene.device(actor=MortalActor(scene.actor(0), before=True)).run()
    (scene.folder / "device-0" / "round-1.safetensors").unlink()
    trainer = FakeTrainer()
    assert scene.device(trainer=trainer).run() == 1
    assert trainer.trained == [1]


def test_goes_on_when_the_round_closes_while_it_trains(scene: Scene) -> None:
    scene.driver.join(0)
    scene.device(0).register()
    scene.driver.register(1, scene.driver.contract(0))
    scene.driver.tick()
    trainer = FakeTrainer()

    def close_round_1() -> None:
        if trainer.trained == [1]:
            scene.driver.submit(1)
            scene.chain.advance(1000)
            scene.driver.tick()
            scene.driver.vote(0)
            scene.driver.propose(0, model=scene.chain.config(scene.federation).model)

    trainer.during = close_round_1
    assert scene.device(trainer=trainer).run() == 1
    assert [record.round for record in scene.submissions()] == [2]


def test_rebinds_when_its_miner_is_out_of_the_snapshot(scene: Scene) -> None:
    first = scene.driver.join(0)
    scene.driver.join(1)
    scene.device(0).register(first)
    scene.driver.register(1, scene.driver.contract(1))
    scene.chain.actor(scene.driver.owner(0)).send(LeaveMiner(scene.federation, 0))
    scene.driver.tick()
    with running(scene.device()):
        await_(lambda: scene.bound() == scene.driver.contract(1))
    assert scene.chain.device(scene.federation, scene.driver.device(0)).from_round == 2  # type: ignore[union-attr]


def test_checks_in_after_a_silence_while_the_federation_waits(scene: Scene) -> None:
    open_round(scene)
    while scene.driver.state.status is Status.RUNNING:
        scene.chain.advance(1000)
        scene.driver.tick()
    with running(scene.device()):
        await_(lambda: scene.chain.due(scene.federation))
    assert scene.driver.state.phase is Phase.SKIPPED


def test_ends_when_the_federation_closes(tmp_path: Path) -> None:
    scene = Scene(tmp_path, rounds=1)
    open_round(scene)
    device = scene.device(0, rounds=0)
    with running(device):
        await_(lambda: bool(scene.store.put_when))
        scene.driver.tick()
        scene.driver.vote(0)
        scene.driver.propose(0)
        await_(lambda: device.journal.read_status().get("status") == "CLOSED")
    assert len(scene.submissions()) == 1
    assert device.journal.read_status()["status"] == "CLOSED"


def test_publishes_over_ipfs_when_the_miners_api_is_down(scene: Scene) -> None:
    scene.driver.join(0, endpoint="http://127.0.0.1:9")
    scene.device(0).register()
    scene.driver.tick()
    assert scene.device(transport=Transport(scene.store, push=True)).run() == 1
    assert scene.store.has(scene.submissions()[0].cid)
