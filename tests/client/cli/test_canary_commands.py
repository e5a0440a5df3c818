"""Canaries at the command line: their settings, what is refused, and what the status says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

from minerva.config import load
from minerva.device.journal import Journal
from minerva.errors import ConfigError


def joined(run: Any, scene: Scene, task: str = TASK) -> str:
    Path("task.py").write_text(task)
    words = ("federation", "create", "--task", "task.py", "--set", "create.rounds=3", "--json")
    address: str = run(*words).json["federation"]
    scene.driver.federation = address
    scene.driver.join(0)
    assert run("device", "register", address, "--set", "device.task=task.py").status == 0
    return address


def test_noise_and_canaries_are_refused_together(run: Any, scene: Scene) -> None:
    address = joined(run, scene)
    for asked in (["--canary"], ["--set", "device.canary=true"]):
        ended = run("device", "run", address, *asked, "--set", "device.dp.noise_multiplier=1")
        assert ended.status == 2
        assert "canaries and differential privacy do not go together" in ended.line
        assert "device.canary" in ended.line and "Leave one out" in ended.line


def test_a_task_that_never_calls_its_model_is_told_in_one_line(run: Any, scene: Scene) -> None:
    address = joined(run, scene)
    scene.driver.tick()
    ended = run("device", "run", address, "--canary", "--set", "device.task=task.py")
    assert ended.status == 2 and "its train() never calls the model" in ended.line


def test_the_status_says_how_the_last_rounds_stand(run: Any, scene: Scene) -> None:
    address = joined(run, scene)
    journal = Journal(Path(".minerva") / "devices" / address / scene.account)
    rounds = {"1": "answered", "2": "open"}
    journal.write_status({"doing": "waiting", "canaries": {"rounds": rounds, "problem": ""}})
    assert run("device", "status", address, "--json").json["lastRun"]["canaries"]["rounds"] == rounds
    shown = " ".join(run("device", "status", address).out.split())
    assert "canaries: answered for round 1, open for round 2" in shown


@pytest.mark.parametrize("share", [-0.1, 1.1, "nan", "half"])
def test_a_share_out_of_bounds_is_named(share: object) -> None:
    with pytest.raises(ConfigError, match=rf"miner\.canary_share.*{share}"):
        load(None, {"miner.canary_share": share})
