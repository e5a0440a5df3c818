"""Leaving and coming back, by command: each takes effect once, and again when it is meant again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene


@pytest.fixture
def federation(run: Any, scene: Scene) -> str:
    """One that a round can open in, with a miner that the test plays."""
    Path("task.py").write_text(TASK, encoding="utf-8")
    scene.driver.federation = run("federation", "create", "--task", "task.py", "--json").json["federation"]
    scene.driver.join(0)
    scene.driver.register(1, scene.driver.contract(0))
    return scene.driver.federation


def next_round(scene: Scene) -> None:
    """Open a round, and end it without an update."""
    scene.driver.tick()
    while scene.driver.state.status.name == "RUNNING":
        scene.chain.advance(10**4)
        scene.driver.tick()


def test_a_device_leaves_and_comes_back(run: Any, scene: Scene, federation: str) -> None:
    def device(word: str) -> Any:
        return run("device", word, federation, "--set", "device.task=task.py", "--json")

    assert device("leave").json["error"] == "the device is not registered"
    assert device("register").status == 0
    assert device("leave").json["events"] == ["DeviceUnbound"]
    assert device("status").status == 2
    again = device("register")
    assert again.status == 1
    assert again.line.startswith("minerva: this device left the miner a moment ago: 0x")
    next_round(scene)
    assert device("register").json["fromRound"] == scene.driver.state.round + 1
    assert device("leave").json["events"] == ["DeviceUnbound"]


def test_a_miner_leaves_and_comes_back(run: Any, scene: Scene, federation: str) -> None:
    def miner(word: str) -> Any:
        return run("miner", word, federation, "--json")

    first = miner("register").json
    assert miner("leave").json["events"] == ["MinerLeaving"]
    again = miner("register")
    assert again.status == 1
    assert again.line.startswith("minerva: this account's miner left the federation a moment ago: ")
    next_round(scene)
    assert miner("register").json["contract"] != first["contract"]


def test_what_is_the_requesters_is_refused_to_others(run: Any, scene: Scene, federation: str) -> None:
    for word in ("pause", "close"):
        ended = run("federation", word, federation, "--account", "anvil:6")
        assert ended.status == 2
        assert ended.line.startswith("minerva: the account has not the role that this needs: ")
    assert run("federation", "pause", federation, "--json").json["events"] == ["FederationPaused"]
    ended = run("device", "register", federation, "--set", "device.task=task.py")
    assert ended.line.startswith(
        "minerva: the federation's status does not allow the call: FederationUnexpected"
    )
    assert run("federation", "unpause", federation, "--json").json["events"] == ["FederationUnpaused"]


def test_a_dormant_miner_comes_back_by_command(run: Any, scene: Scene, federation: str) -> None:
    words = ("miner", "check-in", federation)
    ended = run(*words)
    assert ended.status == 2
    assert ended.line.startswith("minerva: the account has no miner in this federation: 0x")
    run("miner", "register", federation)
    scene.driver.join(1)
    assert run(*words).line.startswith("minerva: the miner is not dormant: 0x")
    scene.driver.tick()
    scene.driver.to_verification()
    scene.driver.vote(0)
    scene.driver.vote(1)
    scene.chain.advance(10**4)
    scene.driver.tick()
    assert scene.driver.state.dormant == 0b10
    assert run(*words, "--json").json["events"] == ["MinerReturned"]
    assert scene.driver.state.dormant == 0
