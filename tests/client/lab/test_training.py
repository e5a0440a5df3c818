"""Devices trained side by side get what the task's own train() gives each of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minerva.errors import TaskError
from minerva.lab.training import OneByOne, SideBySide, trainer_for
from minerva.learning.task import load_task
from minerva.learning.vectors import Layout

MLP = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy
HYPERPARAMETERS = {{"epochs": 1, "batch_size": 8, "learning_rate": 0.1}}
def model():
    return {model}
def load_data(folder):
    x = torch.rand(60, 12, generator=torch.Generator().manual_seed(1)); y = (x.sum(dim=1) * 3).long() % 3
    return (x, y), (x, y)
def train(model, x, y, *, epochs, seed, batch_size, learning_rate):
    order = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(model.parameters(), lr=learning_rate, {extra})
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(x), generator=order), batch_size):
            optimiser.zero_grad(); cross_entropy(model(x[batch]), y[batch]).backward(); optimiser.step()
def evaluate(model, x, y):
    return {{"loss": 0.0, "accuracy": 0.0}}
"""
PERCEPTRON = "nn.Sequential(nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 3))"


def own(tmp_path, name, model=PERCEPTRON, extra=""):
    path = tmp_path / f"{name}.py"
    path.write_text(MLP.format(model=model, extra=extra))
    return load_task(str(path))


@pytest.mark.parametrize("name", ["digits", "deep"])
def test_devices_of_any_sizes_equal_the_tasks_own_training_up_to_rounding(tmp_path, name):
    task = load_task(name) if name == "digits" else own(tmp_path, name)
    layout, trainer = Layout(task.spec()), trainer_for(task)
    assert isinstance(trainer, SideBySide)
    (x, y), _ = task.load_data()
    sizes = [21, 1, 17, 8, 13]
    parts = list(torch.split(torch.randperm(60, generator=torch.Generator().manual_seed(0)), sizes))
    base, seeds = layout.vector(task.initial_state()), [1000, 1001, 7, 8, 9]
    together = trainer(base, x, y, parts, seeds, 3)
    alone = OneByOne(task, layout)(base, x, y, parts, seeds, 3)
    assert np.abs(alone).max() > 0.01 and np.allclose(together, alone, rtol=0, atol=2e-6)
    assert np.array_equal(trainer(base, x, y, parts, seeds, 3), together)


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        (PERCEPTRON, "momentum=0.9"),
        (PERCEPTRON, "weight_decay=0.1"),
        ("nn.Sequential(nn.Linear(12, 3), nn.Tanh())", ""),
        ("nn.Sequential(nn.Linear(12, 9, bias=False), nn.ReLU(), nn.Linear(9, 3))", ""),
    ],
)
def test_what_is_not_plain_descent_on_a_perceptron_trains_by_its_own_code(tmp_path, model, extra):
    assert isinstance(trainer_for(own(tmp_path, "other", model, extra)), OneByOne)


def test_counters_are_no_part_of_a_vector(tmp_path):
    with pytest.raises(TaskError, match=r"float32 can be one vector: 0\.num_batches_tracked"):
        Layout(own(tmp_path, "normed", "nn.Sequential(nn.BatchNorm1d(12), nn.Linear(12, 3))").spec())


def test_a_vector_is_the_state(tmp_path):
    task = own(tmp_path, "deep")
    layout, state = Layout(task.spec()), task.initial_state()
    back = layout.state(layout.vector(state))
    assert set(back) == set(state) and all(torch.equal(back[name], state[name]) for name in state)
