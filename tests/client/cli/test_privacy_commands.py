"""Differential privacy at the command line: its settings, what is refused, and what the status says."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

from minerva.config import Settings, load
from minerva.device.journal import Journal
from minerva.errors import ConfigError


@pytest.fixture
def task() -> None:
    Path("task.py").write_text(TASK)


def joined(run: Any, scene: Scene) -> str:
    words = ("federation", "create", "--task", "task.py", "--set", "create.rounds=3", "--json")
    address: str = run(*words).json["federation"]
    scene.driver.federation = address
    scene.driver.join(0)
    assert run("device", "register", address, "--set", "device.task=task.py").status == 0
    return address


def test_the_status_says_what_was_spent(run: Any, scene: Scene, task: None) -> None:
    address = joined(run, scene)
    spent = {
        "epsilon": "3.2021", "delta": 1e-05, "budgetEpsilon": 8.0, "noiseMultiplier": 2.0, "maxNorm": 1.0,
        "rounds": {"1": "2.1658", "2": "3.2021"},
    }  # fmt: skip
    journal = Journal(Path(".minerva") / "devices" / address / scene.account)
    journal.write_status({"doing": "waiting", "privacy": spent})
    assert run("device", "status", address, "--json").json["lastRun"]["privacy"] == spent
    shown = " ".join(run("device", "status", address).out.split())
    assert "privacy: ε = 3.2021 of 8.0 at δ = 1e-05 (2.1658 after round 1, 3.2021 after round 2)" in shown


def test_without_opacus_the_device_does_not_start(
    run: Any, scene: Scene, task: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = joined(run, scene)
    monkeypatch.setitem(sys.modules, "opacus.accountants", None)
    ended = run(
        "device", "run", address, "--set", "device.task=task.py", "--set", "device.dp.noise_multiplier=1"
    )
    assert ended.status == 2
    assert ended.line == (
        "minerva: differential privacy needs Opacus, which is not installed: device.dp. "
        "Run: pip install 'minerva[dp]'"
    )


def test_privacy_that_is_set_up_and_off_does_not_start(run: Any, scene: Scene, task: None) -> None:
    address = joined(run, scene)
    ended = run(
        "device", "run", address, "--set", "device.task=task.py", "--set", "device.dp.budget_epsilon=1"
    )
    assert ended.status == 2 and "privacy is set up and off: without noise there is none" in ended.line


def test_the_section_is_part_of_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[device]\ntask = 't.py'\n[device.dp]\nnoise_multiplier = 1.5\n")
    settings = load(file, {"device.dp.budget_epsilon": "4"})
    assert (settings.device.dp.noise_multiplier, settings.device.dp.budget_epsilon) == (1.5, 4.0)
    assert Settings.model_validate(tomllib.loads(settings.to_toml())) == settings
    file.write_text("[device.dp]\nmax_nrom = 1\n")
    with pytest.raises(ConfigError, match="Did you mean 'device.dp.max_norm'"):
        load(file, {})


@pytest.mark.parametrize(
    ("key", "value"),
    [("noise_multiplier", -1), ("max_norm", 0), ("delta", 0), ("delta", 1), ("budget_epsilon", "nan")],
)
def test_a_setting_out_of_bounds_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"device\.dp\.{key}.*{value}"):
        load(None, {f"device.dp.{key}": value})
