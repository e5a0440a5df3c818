"""`minerva up`, `down` and `up` again; two stacks side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from federation_site import SECONDS, eventually

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


def processes(folder: Path) -> list[str]:
    """Command lines that name ``folder``, of any process of this machine, and those with it as working folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        if any(str(folder) in word for word in words) and process.pid != psutil.Process().pid:
            found.append(" ".join(process.info["cmdline"] or []))
    return found


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
    shown = minerva(one, "federation", "show")
    assert shown["federation"] == first["federation"] and shown["manifestDocument"]["task"] == "digits"

    second = minerva(one, "up", "--miners", "1", status=2)
    assert "is up already" in second["error"] and "minerva down" in second["remedy"]
    assert requests.get(f"{first['miners']['0']}/health", timeout=SECONDS).status_code == 200, "and nothing was disturbed"

    device = ["device", "run", "--account", "anvil:20", "--set", "device.task=digits", "--set", "device.rounds=2"]
    assert minerva(one, *device)["submitted"] == 2
    eventually(lambda: minerva(one, "federation", "show")["height"] == 2, "two blocks")
    before = minerva(one, "federation", "show")

    assert set(minerva(one, "down")["ended"]) == names
    assert processes(one) == []
    assert minerva(one, "down")["ended"] == []

    other = minerva(two, "up", "--miners", "1")
    again = minerva(one, "up", "--miners", "1")
    for part in ("federation", "ports", "stores", "rpc"):
        assert again[part] == first[part]
    assert not set(other["ports"].values()) & set(again["ports"].values())
    after = minerva(one, "federation", "show")
    for field in ("height", "head", "model", "round", "devices"):
        assert after[field] == before[field]
    assert minerva(one, "verify", first["federation"])["blocks"] == [1, 2]
    assert minerva(two, "federation", "show")["height"] == 0
    device[device.index("device.rounds=2")] = "device.rounds=1"
    assert minerva(one, *device)["submitted"] == 1
    eventually(lambda: minerva(one, "federation", "show")["height"] == 3, "a block on top of those of before")

    minerva(one, "down")
    assert processes(one) == []
    assert minerva(two, "federation", "show")["status"] == "waiting", "the other stack lives on"
    minerva(two, "down")
    assert processes(two) == []
