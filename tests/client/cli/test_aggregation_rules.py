"""`minerva federation create` with an aggregation rule: written canonically, or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK


@pytest.fixture(autouse=True)
def task() -> None:
    Path("task.py").write_text(TASK, encoding="utf-8")


def create(run: Any, rule: str, *words: str) -> Any:
    return run(
        "federation", "create", "--task", "task.py", "--json", "--set", f"create.aggregation={rule}", *words
    )


def test_the_manifest_has_the_canonical_name(run: Any, scene: Any) -> None:
    made = create(run, "fedavg+fedadam:tau=1,lr=5")
    shown = run("federation", "show", made.json["federation"], "--json").json
    assert shown["manifestDocument"]["aggregation"] == "fedadam:lr=5"


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            "bulyan",
            "unknown aggregation rule: 'bulyan'. Known: bucketing, centred_clipping, client_momentum, clip, ",
        ),
        ("krum:f=4", "the rule krum:f=4 needs n >= 2f + 3 updates: n = 10 < 11 = 2 * 4 + 3."),
        ("trimmed_mean:f=5", "needs n >= 2f + 1 updates: n = 10 < 11 = 2 * 5 + 1."),
        ("nnm:f=5+median", "needs n >= 2f + 1 updates: n = 10 < 11"),
        ("bucketing+krum:f=2", "needs n >= 2f + 3 buckets of 10 updates: n = 5 < 7"),
        ("median+krum", "not an aggregation rule: 'median+krum'."),
    ],
)
def test_impossible_rules_are_refused(run: Any, scene: Any, rule: str, line: str) -> None:
    ended = create(run, rule, "--set", "create.min_devices=10")
    assert ended.status == 2 and line in ended.err and "Traceback" not in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert run("federation", "list", "--json").json == []
