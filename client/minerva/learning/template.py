"""The task file that `minerva task new` writes."""

from __future__ import annotations

_TEMPLATE = '''\
"""@TITLE@: a task of Minerva. Change each part into your own; the rest of the program needs nothing else."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

TITLE = "@TITLE@"
INPUTS = "float32 (n, 2): a point in the plane"
LABELS = "int64 (n,): 0 below the diagonal, 1 above"
HYPERPARAMETERS = {
    "epochs": 1,  # passes over the local data in each round
    "batch_size": 32,
    "learning_rate": 0.5,
}


def model() -> nn.Module:
    """Return a new model. It is seeded before each call, so equal seeds give equal models."""
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))


def load_data(folder: Path | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Return ((x_train, y_train), (x_test, y_test)). ``folder`` is what --data names, or None."""
    x = torch.rand(1000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    y = (x[:, 1] > x[:, 0]).long()
    return (x[:800], y[:800]), (x[800:], y[800:])


def train(
    model: nn.Module, x: Tensor, y: Tensor, *, epochs: int, seed: int, batch_size: int, learning_rate: float
) -> None:
    """Train ``model`` in place. Take the order of the samples from ``seed``: runs can be repeated."""
    order = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=order).split(batch_size):
            gradients = torch.autograd.grad(cross_entropy(model(x[batch]), y[batch]), parameters)
            with torch.no_grad():  # SGD by hand; torch.optim does as well, after a second of imports
                for parameter, gradient in zip(parameters, gradients):
                    parameter -= learning_rate * gradient


def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """Return the loss and the accuracy, and any other figures by name."""
    with torch.no_grad():
        logits = model(x)
    accuracy = (logits.argmax(dim=1) == y).float().mean().item()
    return {"loss": cross_entropy(logits, y).item(), "accuracy": accuracy}
'''


def scaffold(name: str) -> str:
    """Text of a task file that runs as it is, for a task of this title."""
    title = "".join(c for c in name if c.isprintable() and c not in '\\"').strip() or "My task"
    return _TEMPLATE.replace("@TITLE@", title)
