"""`minerva up`, `down` and `up` again; two stacks side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from federation_site import SECONDS, eventually, processes

from minerva import config
from minerva.connect import connect
from minerva.protocol.state import FederationState, Status

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

UP_SECONDS = 3 * SECONDS


def minerva(folder: Path, *words: str, status: int = 0) -> dict[str, Any]:
    """Run a command for the stack in ``folder``, and return its JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", "minerva.cli", *words, "--json"],
        cwd=folder, capture_output=True, text=True, timeout=UP_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def state(folder: Path) -> FederationState:
    """Where the stack's federation stands, by the configuration that `up` wrote."""
    settings = config.load(folder / ".minerva" / config.FILE_NAME, {})
    with closing(connect(settings)) as chain:
        return chain.state(settings.federation)


@pytest.fixture
def folders(kubo_binary: Path, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    made = tmp_path / "one", tmp_path / "two"
    for folder in made:
        folder.mkdir()
    yield made
    for folder in made:
        if (folder / ".minerva" / "stack.json").exists():
            minerva(folder, "down")


def test_a_stack_goes_down_and_up_again_with_its_state_beside_another(folders: tuple[Path, Path]) -> None:
    one, two = folders
    first = minerva(one, "up", "--miners", "1")
    assert first["store"] == "kubo"
    names = {"chain", "ipfs-a", "ipfs-b", "miner-0"}
    assert set(first["processes"]) == names
    shown = minerva(one, "federation", "show")  # commands find the stack by themselves
    assert shown["federation"] == first["federation"] and shown["manifestDocument"]["task"] == "digits"

    second = minerva(one, "up", "--miners", "1", status=2)
    assert "is up already" in second["error"] and "minerva down" in second["remedy"]
    assert requests.get(f"{first['miners']['0']}/health", timeout=SECONDS).status_code == 200, (
        "and nothing was disturbed"
    )

    device = [
        "device",
        "run",
        "--account",
        "anvil:20",
        "--set",
        "device.task=digits",
        "--set",
        "device.rounds=2",
    ]
    assert minerva(one, *device)["submitted"] == 2
    eventually(lambda: state(one).height == 2, "two blocks")
    before = state(one)

    assert set(minerva(one, "down")["ended"]) == names
    assert processes(one) == []
    assert minerva(one, "down")["ended"] == []

    other = minerva(two, "up", "--miners", "1")
    again = minerva(one, "up", "--miners", "1")
    for part in ("federation", "ports", "stores", "rpc"):
        assert again[part] == first[part]
    assert not set(other["ports"].values()) & set(again["ports"].values())
    after = state(one)
    for field in ("height", "head", "model", "round", "devices"):
        assert getattr(after, field) == getattr(before, field)
    assert minerva(one, "verify", first["federation"])["blocks"] == [1, 2]
    assert state(two).height == 0
    device[device.index("device.rounds=2")] = "device.rounds=1"
    assert minerva(one, *device)["submitted"] == 1
    eventually(lambda: state(one).height == 3, "a block on top of those of before")

    minerva(one, "down")
    assert processes(one) == []
    assert state(two).status is Status.WAITING, "the other stack lives on"
    minerva(two, "down")
    assert processes(two) == []
