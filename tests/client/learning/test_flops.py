"""The plausible floor of rule 3d comes from the model (T3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from minerva.errors import TaskError
from minerva.learning.task import Task, load_task
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.rules import LEAST_RATE_NS, TOP_FLOPS, least_rate_ns
from minerva.requester import usual_rules

WIDE = """
import torch
from torch import nn
def model():
    return nn.Linear(20_000, 10_000)
def load_data(folder=None):
    x, y = torch.ones(2, 20_000), torch.tensor([0, 1])
    return (x, y), (x, y)
def train(model, x, y, *, epochs, seed): ...
def evaluate(model, x, y):
    return {"loss": 0.0, "accuracy": 0.0}
"""


def written(folder: Path, text: str) -> Task:
    file = folder / "wide.py"
    file.write_text(text)
    return load_task(str(file))


def test_operations_are_those_of_forward_and_backward(digits: Task) -> None:
    # A product of m x k and k x n takes 2mkn; backward one for the weights of each layer, and one for the hidden values.
    forward = 2 * (64 * 64 + 64 * 10)
    assert digits.flops() == 2 * forward + 2 * 64 * 10


def test_the_floor_is_what_the_operations_take_at_top_speed_but_never_less_than_memory() -> None:
    assert least_rate_ns(0) == least_rate_ns(TOP_FLOPS // 10**9) == LEAST_RATE_NS
    assert least_rate_ns(TOP_FLOPS // 1000) == 10**6


def test_a_small_models_floor_is_the_least(digits: Task) -> None:
    assert usual_rules(digits).min_rate_ns == LEAST_RATE_NS


def test_a_large_models_floor_is_higher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = written(tmp_path, WIDE)
    assert task.flops() == 2 * 2 * 20_000 * 10_000
    monkeypatch.setattr("minerva.protocol.rules.TOP_FLOPS", 10**15)
    assert usual_rules(task).min_rate_ns == 800


def test_without_data_the_floor_stays_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    task = written(tmp_path, WIDE.replace("x, y = torch", "raise OSError('no data here'); x, y = torch"))
    assert usual_rules(task) == RuleParameters()
    assert "cannot be counted" in caplog.text and "no data here" in caplog.text


def test_a_model_that_takes_no_sample_is_a_fault_of_the_task(tmp_path: Path) -> None:
    task = written(tmp_path, WIDE.replace("torch.ones(2, 20_000)", "torch.ones(2, 3)"))
    with pytest.raises(TaskError, match="must take a sample"):
        task.flops()
