"""`minerva up` and `down`: nothing half-started stays, and no two work on one stack."""

from __future__ import annotations

import fcntl
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from minerva.errors import ChainUnreachable
from minerva.processes import Child, ProcessRecord, spawn
from minerva.stack import background
from minerva.stack.parts import Stack


class Parts(Stack):
    """A stack of sleeping processes that fails where a test wants it to."""

    def start_chain(self) -> None:
        self._sleep("chain")

    def start_stores(self) -> None:
        self._sleep("ipfs-a")

    def deploy(self) -> None:
        raise ChainUnreachable("no chain answers", remedy="Look at it.")

    def _sleep(self, name: str) -> Child:
        argv = [sys.executable, "-c", "import time; time.sleep(60)"]
        self.children[name] = spawn(argv, log_path=self.root / f"{name}.log", detached=True)
        return self.children[name]


@pytest.fixture(autouse=True)
def _fake_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "Stack", Parts)


def record() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(".minerva/stack.json").read_text())
    return document


def test_nothing_is_started_for_a_task_that_cannot_be_used(run: Any) -> None:
    Path("task.py").write_text("raise ValueError('no')", encoding="utf-8")
    ended = run("up", "--task", "task.py")
    assert ended.status == 2
    assert ended.line.startswith("minerva: the file of task.py fails at line 1: ValueError: no.")
    assert not Path(".minerva/stack.json").exists()


def test_what_was_started_ends_when_the_rest_fails(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ProcessRecord] = []
    sleep = Parts._sleep
    monkeypatch.setattr(Parts, "_sleep", lambda self, name: started.append(sleep(self, name).record))
    ended = run("up")
    assert ended.status == 1
    assert ended.line == "minerva: no chain answers. Look at it."
    assert len(started) == 2
    assert not any(process.alive for process in started)
    assert record() == {"processes": {}}
    assert not Path(".minerva/minerva.toml").exists()


def test_what_runs_is_on_record_before_the_rest_is_started(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def deploy(self: Parts) -> None:
        seen.append(set(record()["processes"]))
        raise ChainUnreachable("no chain answers")

    monkeypatch.setattr(Parts, "deploy", deploy)
    run("up")
    assert seen == [{"chain", "ipfs-a"}]


def test_what_a_killed_command_left_is_ended_by_down(run: Any) -> None:
    left = spawn(["sleep", "60"], log_path=Path(".minerva/log"), detached=True)
    Path(".minerva/stack.json").write_text(json.dumps({"processes": {"chain": asdict(left.record)}}))
    ended = run("up")
    assert ended.status == 2
    assert ended.line == "minerva: the stack is up already: .minerva. 'minerva down' ends it."
    assert run("down", "--json").json == {"ended": ["chain"]}
    assert left.wait(10) != 0


def test_down_where_nothing_runs_is_no_mistake(run: Any) -> None:
    ended = run("down")
    assert (ended.status, ended.out, ended.err) == (0, "nothing was running\n", "")


def test_a_damaged_record_is_told(run: Any) -> None:
    Path(".minerva").mkdir()
    Path(".minerva/stack.json").write_text("{")
    ended = run("down")
    assert ended.status == 2
    assert ended.line == (
        "minerva: the stack's record is damaged: .minerva/stack.json. Remove its folder to start anew."
    )


def test_two_commands_do_not_work_on_one_stack(run: Any) -> None:
    Path(".minerva").mkdir()
    with Path(".minerva/lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ended = run("up")
    assert ended.status == 2
    assert ended.line == "minerva: another command works on this stack: .minerva. Wait for it to end."
