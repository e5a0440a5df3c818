"""V16 on the device: it trains again once, only what the chain draws, and what it needs outlives a restart."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from device_scene import SPEC, FakeTrainer, Scene, await_, running
from eth_account import Account

from minerva.device.daemon import Device
from minerva.device.privacy import PrivacyTerms
from minerva.device.settings import DeviceSettings
from minerva.device.transport import Transport
from minerva.errors import ConfigError, ContentUnavailable, UserError
from minerva.learning.training import LocalResult
from minerva.learning.weights import UpdateRefused, check_update, parse, serialize
from minerva.protocol.canary import Answer, Challenge, Commitment
from minerva.protocol.reasons import Reason

STEPS = 9


@dataclass
class StepTrainer(FakeTrainer):
    """Takes the same steps in a round again, unless its data are others."""

    data: int = 0

    def train(self, base: bytes, round_: int) -> LocalResult:
        hashes = (
            hashlib.sha256(f"{self.data} {round_} {step} {base!r}".encode()).digest() for step in range(STEPS)
        )
        return replace(super().train(base, round_), steps=tuple(hashes))


@dataclass
class Asking:
    """A miner's API: what it asks, and what it was told."""

    answer: Callable[[], bytes] = lambda: b'{"challenges": []}'
    said: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 200
    polls: int = 0


class ApiTransport(Transport):
    """The store as it is, and `Asking` in place of HTTP."""

    def __init__(self, scene: Scene, api: Asking) -> None:
        super().__init__(scene.store, push=False)
        self.api = api

    def ask(self, endpoint: str, path: str, *, most: int, timeout: float) -> bytes:
        self.api.polls += 1
        return self.api.answer()

    def tell(self, endpoint: str, path: str, data: bytes, *, timeout: float) -> int:
        if self.api.status == 0:
            raise ContentUnavailable("the miner's API does not answer", value=endpoint)
        self.api.said.append((path, data))
        return self.api.status


@pytest.fixture
def api() -> Asking:
    return Asking()


def made(scene: Scene, api: Asking, trainer: StepTrainer, **changes: Any) -> Device:
    options: dict[str, Any] = {"canary": True, "rounds": 0, "retry_seconds": 0.01, **changes}
    actor = scene.chain.actor(scene.driver.device(0), Account.from_key(b"\7" * 32))
    return scene.device(0, actor, transport=ApiTransport(scene, api), trainer=trainer, **options)


def opened(scene: Scene, device: Device) -> None:
    scene.driver.join(0, "http://miner.test")
    device.register()
    scene.driver.tick()


def end_round(scene: Scene) -> None:
    """Let the round end with the model that it began with."""
    scene.chain.advance(1000)
    scene.driver.tick()
    scene.driver.vote(0)
    scene.driver.propose(0, model=scene.chain.config(scene.federation).model)


def submitted(scene: Scene, round_: int) -> None:
    await_(lambda: [e.round for e in scene.submissions()][-1:] == [round_])


def commitment(scene: Scene, at: int = 0) -> Commitment:
    data = scene.store.get(scene.submissions()[at].cid, max_bytes=1 << 20, timeout=1)
    found = Commitment.parse(parse(data).metadata["steps"])
    assert found is not None
    return found


def challenge(scene: Scene, round_: int = 1) -> Challenge:
    block = scene.chain.block_of(scene.federation, round_)
    return Challenge.of(round_, block, scene.driver.device(0), STEPS)


def asks(*challenges: Challenge) -> Callable[[], bytes]:
    text = json.dumps({"challenges": [one.document() for one in challenges]}).encode()
    return lambda: text


def test_it_trains_a_round_again_once_however_often_it_is_asked(scene: Scene, api: Asking) -> None:
    trainer = StepTrainer()
    device = made(scene, api, trainer)
    opened(scene, device)
    with running(device):
        submitted(scene, 1)
        end_round(scene)
        api.answer = asks(challenge(scene), challenge(scene))
        await_(lambda: bool(api.said))
        polls = api.polls
        api.status = 404
        submitted(scene, 2)
        await_(lambda: api.polls > polls + 3)
    ((path, data),) = api.said
    assert path == f"canaries/1/{scene.driver.device(0)}" and trainer.trained == [1, 2, 1]
    answer, (update, *_) = Answer.parse(data), scene.submissions()
    base = scene.store.get(scene.chain.config(scene.federation).model, max_bytes=1 << 20, timeout=1)
    assert answer.shows(challenge(scene), commitment(scene), StepTrainer().train(base, 1).steps[-1])
    assert update.round == 1 and device.journal.read_status()["canaries"]["rounds"]["1"] == "answered"
    assert len(answer.signature) == 65


def test_a_restart_between_update_and_challenge_forgets_nothing(scene: Scene, api: Asking) -> None:
    first = made(scene, api, StepTrainer(), rounds=1)
    opened(scene, first)
    assert first.run() == 1 and not api.said
    end_round(scene)
    api.answer, trainer = asks(challenge(scene)), StepTrainer()
    with running(made(scene, api, trainer)):
        await_(lambda: bool(api.said))
    assert trainer.trained == [2, 1], "its own round comes first"
    assert len(Answer.parse(api.said[0][1]).steps) == 5


def test_an_answer_that_is_not_taken_is_sent_again_without_training(scene: Scene, api: Asking) -> None:
    trainer = StepTrainer()
    device = made(scene, api, trainer)
    opened(scene, device)
    with running(device):
        submitted(scene, 1)
        end_round(scene)
        api.status, api.answer = 0, asks(challenge(scene))
        await_(
            lambda: "does not answer" in device.journal.read_status().get("canaries", {}).get("problem", "")
        )
    assert trainer.trained == [1, 2, 1] and not api.said
    api.status = 503
    with running(made(scene, api, trainer)):
        await_(lambda: len(api.said) == 2)
        api.status = 200
        await_(lambda: len(api.said) == 3)
    assert trainer.trained == [1, 2, 1] and len({data for _, data in api.said}) == 1


@pytest.mark.parametrize(
    "odd",
    [
        lambda c: replace(c, first=c.first ^ 1),
        lambda c: replace(c, taken=c.taken + 1),
        lambda c: replace(c, block=b"\1" * 32),
        lambda c: replace(c, round=3),
        lambda c: replace(c, round=2),
    ],
    ids=["slice", "more", "block", "unknown", "unfinished"],
)
def test_it_trains_nothing_that_the_chain_does_not_draw(
    scene: Scene, api: Asking, odd: Callable[[Challenge], Challenge]
) -> None:
    trainer = StepTrainer()
    device = made(scene, api, trainer)
    opened(scene, device)
    with running(device):
        submitted(scene, 1)
        end_round(scene)
        submitted(scene, 2)
        api.answer, polls = asks(odd(challenge(scene))), api.polls
        await_(lambda: api.polls > polls + 3)
        assert trainer.trained == [1, 2] and not api.said
        api.answer = asks(challenge(scene))
        await_(lambda: bool(api.said))


def test_other_steps_than_committed_to_are_told_and_not_sent(
    scene: Scene, api: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    first = made(scene, api, StepTrainer(), rounds=1)
    opened(scene, first)
    first.run()
    end_round(scene)
    api.answer, trainer = asks(challenge(scene)), StepTrainer(data=1)
    device = made(scene, api, trainer)
    with running(device):
        await_(lambda: "failed" in str(device.journal.read_status().get("canaries")))
        polls = api.polls
        await_(lambda: api.polls > polls + 2)
    assert trainer.trained == [2, 1] and not api.said
    assert "have data, machine, threads or libraries changed?" in caplog.text


def test_whatever_a_miner_says_the_device_goes_on(scene: Scene, api: Asking) -> None:
    dice, trainer = random.Random(3), StepTrainer()

    def junk() -> bytes:
        good = asks(Challenge(1, b"\5" * 32, 0, 4))()
        at = dice.randrange(len(good))
        return dice.choice(
            [
                b"",
                b"[]",
                b"[" * 9000,
                b"\xff\xfe",
                dice.randbytes(50),
                good[:at],
                good[:at] + b"9" + good[at:],
            ]
        )

    api.answer = junk
    device = made(scene, api, trainer, retry_seconds=0.0)
    opened(scene, device)
    with running(device):
        submitted(scene, 1)
        end_round(scene)
        submitted(scene, 2)
        await_(lambda: api.polls > 50)
        end_round(scene)
        submitted(scene, 3)
    assert trainer.trained == [1, 2, 3] and not api.said


def test_what_is_kept_of_a_round_goes_with_it_and_a_damaged_file_is_left_out(
    scene: Scene, api: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    device = made(scene, api, StepTrainer())
    opened(scene, device)
    with running(device):
        for round_ in range(1, 7):
            submitted(scene, round_)
            end_round(scene)
        submitted(scene, 7)
    kept = sorted(file.name for file in device.journal.root.glob("canary-*"))
    assert kept == [f"canary-{round_}.json" for round_ in (4, 5, 6, 7)]
    for number, damage in enumerate((b"", b"[]", b'{"steps": 1}', b'{"steps": "1:", "base": "x"}')):
        (device.journal.root / kept[number]).write_bytes(damage)
    with running(made(scene, api, StepTrainer(), rounds=0)):
        end_round(scene)
        submitted(scene, 8)
    assert caplog.text.count("cannot be read, so it will not be answered") == 4


def test_without_the_option_nothing_is_committed_to_or_asked(scene: Scene, api: Asking) -> None:
    device = made(scene, api, StepTrainer(), canary=False, rounds=1)
    opened(scene, device)
    device.run()
    time.sleep(0.1)
    data = scene.store.get(scene.submissions()[0].cid, max_bytes=1 << 20, timeout=1)
    assert "steps" not in parse(data).metadata and not api.polls
    assert not list(device.journal.root.glob("canary-*"))


@pytest.mark.parametrize(
    "said", ["", "9", "0:" + "a" * 64, "9:" + "a" * 63, "9:" + "A" * 64, "09:" + "a" * 64]
)
def test_rule_2_takes_a_commitment_only(said: str) -> None:
    """V8 and V15; beside an epsilon too."""
    named = {"federation": "0xF", "round": "1", "device": "0xD"}
    where: dict[str, Any] = {"federation": "0xF", "round": 1, "device": "0xD", "max_bytes": 4096}
    tensors = {spec.name: np.ones(spec.shape, np.float32) for spec in SPEC}
    good = {"steps": "9:" + "a" * 64}
    for fine in (good, good | {"epsilon": "1.2345"}):
        check_update(serialize(tensors, named | fine), SPEC, **where)
    with pytest.raises(UpdateRefused) as refused:
        check_update(serialize(tensors, named | {"steps": said}), SPEC, **where)
    assert refused.value.reason is Reason.WRONG_METADATA


def test_it_does_not_go_with_differential_privacy() -> None:
    with pytest.raises(ConfigError, match="canaries and differential privacy do not go together.*device.dp"):
        DeviceSettings(canary=True, privacy=PrivacyTerms(1.0, 1.0, 1e-5, 10.0))


def test_a_trainer_that_records_nothing_is_told(scene: Scene, api: Asking) -> None:
    device = made(scene, api, StepTrainer())
    opened(scene, device)
    device.trainer = FakeTrainer()
    with pytest.raises(UserError, match=r"records its steps: device\.canary"):
        device.run()
