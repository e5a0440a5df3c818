"""The steps of a training: what counts as one, what is hashed, and which tasks have none to show."""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from minerva.errors import TaskError
from minerva.learning.steps import StepRecorder, arrays_hash, state_hash
from minerva.learning.task import Task, load_task
from minerva.learning.training import LocalResult, train_local
from minerva.learning.weights import parse, state_to_bytes

TASK = """
import copy, torch
from torch import nn
from torch.nn.functional import cross_entropy
def model(): return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
def load_data(folder): x = torch.rand(24, 2); y = (x[:, 0] > x[:, 1]).long(); return (x, y), (x, y)
def train(model, x, y, *, epochs, seed):
    {body}
def evaluate(model, x, y): return {{"loss": cross_entropy(model(x), y).item(), "accuracy": 0.5}}
"""
ADAM = """optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    teacher = copy.deepcopy(model)
    for batch in torch.split(torch.randperm(len(x)), 8):
        teacher(x[batch])
        optimiser.zero_grad()
        cross_entropy(model(x[batch]), y[batch]).backward()
        optimiser.step()"""


def made(folder: Path, body: str) -> Task:
    (folder / "made.py").write_text(TASK.format(body=body))
    return load_task(str(folder / "made.py"))


def trained(task: Task, samples: int = 24, seed: int = 7, epochs: int = 1, **changes: Any) -> LocalResult:
    (x, y), _ = task.load_data()
    base = state_to_bytes(task.initial_state(), {})
    return train_local(
        task, base, x[:samples], y[:samples], epochs=epochs, seed=seed, recorder=StepRecorder(), **changes
    )


def test_each_batch_is_a_step_without_an_optimiser_of_torch(digits: Task) -> None:
    result = trained(digits, samples=100, epochs=3)
    assert len(result.steps) == 3 * math.ceil(100 / 32) and len(set(result.steps)) == 12
    assert all(len(one) == 32 for one in result.steps)


def test_each_step_of_an_optimiser_is_one_and_a_copys_are_none(tmp_path: Path) -> None:
    assert len(trained(made(tmp_path, ADAM)).steps) == 3


def test_gradients_that_are_gathered_are_one_step(tmp_path: Path) -> None:
    body = "model[1].eval(); o = torch.optim.SGD(model.parameters(), lr=0.1)\n" + (
        "    for _ in range(2):\n"
        "        for half in (x[:12], x[12:]): model(half).sum().backward()\n"
        "        o.step(); o.zero_grad()"
    )
    assert len(trained(made(tmp_path, body)).steps) == 2


def test_the_last_hash_is_that_of_the_update_as_miners_read_it(digits: Task, tmp_path: Path) -> None:
    for task in (digits, made(tmp_path, ADAM)):
        result = trained(task)
        data = state_to_bytes(result.state, {"round": "1"})
        begins = 8 + int.from_bytes(data[:8], "little")
        assert result.steps[-1] == arrays_hash(parse(data).arrays) == state_hash(result.state)
        assert result.steps[-1] == hashlib.sha256(data[begins:]).digest()


def test_tensors_of_every_dtype_and_shape_are_hashed_as_miners_read_them() -> None:
    state = {
        "b": torch.rand(3, 2).T.to(torch.bfloat16), "h": torch.rand(2, 2).half(), "n": torch.tensor(7),
        "s": torch.tensor([True, False]), "e": torch.zeros(0, 3),
    }  # fmt: skip
    data = state_to_bytes(state, {})
    assert state_hash(state) == arrays_hash(parse(data).arrays)
    assert state_hash(state) != state_hash({**state, "n": torch.tensor(8)})


def test_the_same_training_takes_the_same_steps_and_another_seed_others(digits: Task) -> None:
    first, again, other = (trained(digits, seed=seed) for seed in (7, 7, 8))
    assert first.steps == again.steps and not set(first.steps) & set(other.steps)


def test_watching_changes_nothing_of_the_model(tmp_path: Path) -> None:
    task = made(tmp_path, ADAM)
    (x, y), _ = task.load_data()
    plain = train_local(task, state_to_bytes(task.initial_state(), {}), x, y, epochs=1, seed=7)
    assert plain.steps == () and state_hash(plain.state) == state_hash(trained(task).state)


def test_hashing_is_no_compute_time(digits: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 3 compares it with a calibration, which hashes nothing."""
    trained(digits)

    def slow(state: Any) -> bytes:
        time.sleep(0.1)
        return state_hash(state)

    monkeypatch.setattr("minerva.learning.steps.state_hash", slow)
    began = time.perf_counter()
    result = trained(digits, samples=128)
    assert time.perf_counter() - began > 0.5 and result.compute_us < 100_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("model[0].weight.data += 1.0", "its train() never calls the model"),
        ("model[1].eval(); model(x)", "it leaves the model as it was"),
        (
            "from torch.func import functional_call, grad; model[1].eval()\n"
            "    p = dict(model.named_parameters())\n"
            "    grad(lambda q: functional_call(model, q, (x,)).sum())(p)",
            "cannot be read while it trains",
        ),
    ],
)  # fmt: skip
def test_what_has_no_steps_to_show_is_told_in_one_line(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(TaskError) as told:
        trained(made(tmp_path, body))
    assert words in str(told.value) and "device.canary" in str(told.value) and "\n" not in str(told.value)
