"""Differential privacy on the device: each round is counted before it leaves, and the budget ends the training."""

from __future__ import annotations

import builtins
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device_scene import SPEC, FakeTrainer, Scene, await_, open_round, running
from opacus.accountants import RDPAccountant

from minerva.device.privacy import Privacy, PrivacyTerms, Release, decimal, epsilon
from minerva.errors import ConfigError, StoreError
from minerva.learning.weights import UpdateRefused, check_update, parse
from minerva.protocol.reasons import Reason

TERMS = PrivacyTerms(noise_multiplier=2.0, max_norm=1.0, delta=1e-5, budget_epsilon=5.0)


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def account(scene: Scene) -> list[int]:
    """The rounds that the device's account holds."""
    document = json.loads((scene.folder / "device-0" / "privacy.json").read_text())
    return [entry["round"] for entry in document["releases"]]


def content(scene: Scene) -> bytes:
    return scene.store.get(scene.submissions()[-1].cid, max_bytes=1 << 20, timeout=1)


def metadata(scene: Scene) -> dict[str, str]:
    data = content(scene)
    found: dict[str, str] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return found


def next_round(scene: Scene) -> None:
    """Let the round end with the model that it began with."""
    scene.chain.advance(1000)
    scene.driver.tick()
    scene.driver.vote(0)
    scene.driver.propose(0, model=scene.chain.config(scene.federation).model)


@pytest.mark.parametrize(
    ("multiplier", "delta", "rounds", "known"), [(1.0, 1e-5, 10, 19.0536), (2.0, 1e-5, 1, 2.1657)]
)
def test_epsilon_is_the_accountants(multiplier: float, delta: float, rounds: int, known: float) -> None:
    accountant = RDPAccountant()
    for _ in range(rounds):
        accountant.step(noise_multiplier=multiplier, sample_rate=1.0)
    found = epsilon([Release(round_, multiplier) for round_ in range(rounds)], delta)
    assert found == accountant.get_epsilon(delta) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("multiplier", [0.3, 1.0, 5.0, 40.0])
def test_epsilon_is_above_the_exact_one_and_not_far(multiplier: float) -> None:
    """The δ of one Gaussian at ε in closed form: Balle, Wang, "Improving the Gaussian Mechanism", ICML 2018."""

    def delta(epsilon: float) -> float:
        def phi(x: float) -> float:
            return math.erfc(-x / math.sqrt(2)) / 2

        half, scaled = 1 / (2 * multiplier), epsilon * multiplier
        return phi(half - scaled) - math.exp(epsilon) * phi(-half - scaled)

    told = epsilon([Release(1, multiplier)], 1e-5)
    assert delta(told) < 1e-5 < delta(0.8 * told)


def test_rounds_of_another_noise_count_as_what_they_were() -> None:
    mixed = [Release(1, 1.0), Release(2, 4.0)]
    one, both = epsilon(mixed[:1], 1e-5), epsilon(mixed, 1e-5)
    assert one < both < epsilon([Release(1, 1.0)] * 2, 1e-5)


def test_an_update_is_noised_and_tells_its_epsilon(scene: Scene) -> None:
    open_round(scene)
    device = scene.device(privacy=TERMS)
    assert device.run() == 1
    spent = decimal(epsilon([Release(1, 2.0)], 1e-5))
    assert metadata(scene) == {
        "device": scene.driver.device(0), "epsilon": spent, "federation": scene.federation, "round": "1",
    }  # fmt: skip
    (record,) = scene.submissions()
    assert (record.loss_before, record.loss_after) == (0, 0), "figures of the private data without noise"
    weights = check_update(
        content(scene),
        SPEC,
        federation=scene.federation,
        round=1,
        device=scene.driver.device(0),
        max_bytes=4096,
    )
    values = np.concatenate([array.ravel() for array in weights.arrays])
    assert len(set(values.tolist())) == values.size, "the trainer's update is all ones"
    assert device.journal.read_status()["privacy"] == {
        "epsilon": spent, "delta": 1e-5, "budgetEpsilon": 5.0, "noiseMultiplier": 2.0, "maxNorm": 1.0,
        "rounds": {"1": spent},
    }  # fmt: skip


def test_without_noise_nothing_is_told(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.run()
    assert "epsilon" not in metadata(scene) and "privacy" not in device.journal.read_status()
    assert scene.submissions()[0].loss_before == 2_000_000


def test_the_budget_ends_the_training_and_the_device_stays(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Two rounds fit, the third does not."""
    open_round(scene, devices=2)
    trainer = FakeTrainer()
    two, three = (epsilon([Release(0, 2.0)] * n, 1e-5) for n in (2, 3))
    terms = PrivacyTerms(2.0, 1.0, 1e-5, budget_epsilon=(two + three) / 2)
    device = scene.device(rounds=0, trainer=trainer, privacy=terms)
    with running(device):
        for round_ in (1, 2):
            await_(lambda round_=round_: [e.round for e in scene.submissions()][-1:] == [round_])
            next_round(scene)
        await_(lambda: "the privacy budget is spent" in str(device.journal.read_status().get("problem")))
        scene.driver.submit(1)
        next_round(scene)
        await_(lambda: "round 4 is left out" in caplog.text)
    assert trainer.trained == [1, 2] and [e.round for e in scene.submissions()] == [1, 2]
    assert device.journal.read_status()["privacy"]["epsilon"] == decimal(two)
    told = [r.getMessage() for r in caplog.records if "round 3 is left out" in r.getMessage()]
    assert len(told) == 1 and f"ε = {decimal(two)}, {decimal(three)} after round 3" in told[0]


def test_a_crash_between_counting_and_sending_forgets_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_round(scene)

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("minerva.device.privacy.privatise", killed)
        with pytest.raises(Killed):
            scene.device(privacy=TERMS).run()
    assert account(scene) == [1] and not scene.submissions()
    scene.device(privacy=TERMS).run()
    assert account(scene) == [1, 1], "whether the first one left, nobody could tell"
    assert metadata(scene)["epsilon"] == decimal(epsilon([Release(1, 2.0)] * 2, 1e-5))


def test_a_restart_sends_what_was_counted_without_counting_it_again(scene: Scene) -> None:
    open_round(scene)
    device, trainer = scene.device(privacy=TERMS), FakeTrainer()
    device.actor.send = lambda *_, **__: (_ for _ in ()).throw(Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        device.run()
    assert scene.device(privacy=TERMS, trainer=trainer).run() == 1
    assert account(scene) == [1] and trainer.trained == []


def test_what_was_prepared_without_noise_is_not_sent_with_privacy_on(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.actor.send = lambda *_, **__: (_ for _ in ()).throw(Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        device.run()
    scene.device(privacy=TERMS).run()
    assert metadata(scene)["epsilon"] and account(scene) == [1]


def test_what_was_prepared_without_noise_is_not_sent_after_a_fault_either(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account counts the round before the noised update is kept: the older one must not pass for it."""
    open_round(scene)
    device = scene.device()
    device.actor.send = lambda *_, **__: (_ for _ in ()).throw(Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        device.run()
    device = scene.device(privacy=TERMS)
    device.journal.save = lambda prepared: (_ for _ in ()).throw(Killed)  # type: ignore[method-assign]
    with pytest.raises(Killed):
        device.run()
    scene.device(privacy=TERMS).run()
    assert metadata(scene)["epsilon"] and account(scene) == [1, 1]
    values = np.concatenate([array.ravel() for array in parse(content(scene)).arrays])
    assert len(set(values.tolist())) == values.size, "the trainer's update is all ones"


def test_nothing_leaves_when_the_round_cannot_be_written_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_round(scene)
    device = scene.device(privacy=TERMS, rounds=0)

    def full(*_: Any) -> None:
        raise StoreError("the device's privacy account cannot be written", value="No space left on device")

    monkeypatch.setattr("minerva.device.privacy._write", full)
    with running(device):
        await_(lambda: "No space left" in str(device.journal.read_status().get("problem")))
    assert not scene.submissions() and not scene.store.put_when


@pytest.mark.parametrize("damage", [b"", b"{", b'{"releases": [{"round": 1}]}', b'{"releases": [[]]}'])
def test_a_damaged_account_is_no_empty_one(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "privacy.json").write_bytes(damage)
    with pytest.raises(StoreError, match="cannot be read, so nobody knows what was spent"):
        Privacy(tmp_path, TERMS)


def test_a_budget_below_one_round_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one round alone costs more.*ε = 2.1658 of 1"):
        Privacy(tmp_path, PrivacyTerms(2.0, 1.0, 1e-5, 1.0))


def test_without_opacus_the_error_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def lacking(name: str, *rest: Any) -> Any:
        if name.startswith("opacus"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", lacking)
    with pytest.raises(ConfigError, match=r"Opacus, which is not installed.*pip install 'minerva\[dp\]'"):
        Privacy(tmp_path, TERMS)


@pytest.mark.parametrize(
    "said", ["1", "1.23456", "-1.0000", "inf", "01.0000", "1,0000", "١.0000", "99999999.0000"]
)
def test_rule_2_takes_a_decimal_epsilon_only(scene: Scene, said: str) -> None:
    """V8."""
    from minerva.learning.weights import serialize

    named = {"federation": "0xF", "round": "1", "device": "0xD"}
    where: dict[str, Any] = {"federation": "0xF", "round": 1, "device": "0xD", "max_bytes": 4096}
    tensors = {spec.name: np.ones(spec.shape, np.float32) for spec in SPEC}
    check_update(serialize(tensors, named | {"epsilon": "12.3456"}), SPEC, **where)
    with pytest.raises(UpdateRefused) as refused:
        check_update(serialize(tensors, named | {"epsilon": said}), SPEC, **where)
    assert refused.value.reason is Reason.WRONG_METADATA
