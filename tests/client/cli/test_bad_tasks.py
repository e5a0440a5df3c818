"""A task file or its data that cannot be used: one line, status 2, nothing started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK

BROKEN = {
    "no file": (None, "the task file cannot be read: task.py: No such file or directory. Check the path."),
    "no function": (
        TASK.replace("def train(", "def tran("),
        "task.py lacks functions: train(). Mend the task file; 'minerva task new' writes one that works.",
    ),
    "no Python": (TASK + "\nthis is not", "task.py is not Python at line "),
    "fails when read": ("raise ValueError('no')\n" + TASK, "the file of task.py fails at line 1: ValueError: no."),
    "fails in training": (
        TASK.replace("p.add_(0.01 * epochs)", "1 / 0"),
        "train() of task.py fails at line 16: ZeroDivisionError: division by zero.",
    ),
    "exits": (TASK.replace("p.add_(0.01 * epochs)", "exit(3)"), "train() of task.py fails at line 16: SystemExit: 3."),
    "other arguments": (
        TASK.replace("epochs, seed)", "epochs)"),
        "train() of task.py, line 13 takes other arguments: got an unexpected keyword argument 'seed'.",
    ),
    "diverges": (
        TASK.replace('"loss": 1.0', '"loss": float("nan")'),
        "evaluate() of task.py gives a loss that is not finite: nan. Training diverged: lower the learning rate,",
    ),
    "no data": (
        TASK.replace("torch.arange(40.0).reshape(20, 2)", "torch.zeros(0, 2)").replace(
            "torch.arange(20) % 2", "torch.zeros(0, dtype=torch.int64)"
        ),
        "",
    ),
    "one class": (TASK.replace("torch.arange(20) % 2", "torch.zeros(20, dtype=torch.int64)"), ""),
    "not finite": (TASK.replace("torch.arange(40.0)", "torch.full((40,), float('nan'))"), ""),
    "unreadable data": (
        TASK.replace("    y = torch.arange(20) % 2", "    y = open('/nowhere')"),
        "load_data() of task.py fails at line 10: FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_check_tells_what_is_wrong_and_where(run: Any, case: str) -> None:
    text, line = BROKEN[case]
    if text is not None:
        Path("task.py").write_text(text, encoding="utf-8")
    ended = run("task", "check", "task.py")
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")
    assert ended.line.endswith(".")
    assert ended.out == ""


def test_data_that_cannot_be_learned_from_is_told_by_its_number(run: Any) -> None:
    Path("task.py").write_text(BROKEN["no data"][0] or "", encoding="utf-8")
    assert "0 samples" in run("task", "check", "task.py").line
    Path("task.py").write_text(BROKEN["one class"][0] or "", encoding="utf-8")
    assert "class" in run("task", "check", "task.py").line


def test_an_unknown_task_names_the_nearest_bundled_one(run: Any) -> None:
    ended = run("task", "check", "digit", "--json")
    assert ended.status == 2
    assert ended.json["error"] == "unknown task"
    assert "Did you mean digits?" in ended.json["remedy"]


def test_a_scaffold_is_checked_without_a_fault(run: Any) -> None:
    assert run("task", "new", "mine").out == "Wrote mine.py. Try it: minerva task check mine.py\n"
    ended = run("task", "check", "mine.py", "--json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.json["samples"] == 800


def test_new_replaces_nothing_and_leaves_nothing_behind(run: Any) -> None:
    Path("mine.py").write_text("precious", encoding="utf-8")
    ended = run("task", "new", "mine.py")
    assert ended.status == 2
    assert ended.line == (
        "minerva: the file is there already: mine.py. Name another, or replace it with --force."
    )
    assert Path("mine.py").read_text(encoding="utf-8") == "precious"
    ended = run("task", "new", "nowhere/mine.py")
    assert ended.status == 2
    assert ended.line == (
        "minerva: the file cannot be written: nowhere/mine.py: No such file or directory. Name another file."
    )
    assert sorted(path.name for path in Path().iterdir()) == ["mine.py"]
