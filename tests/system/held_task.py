"""A small task that tells when it trains, and goes on only when it may: to catch a device in the middle of a round.

The data folder has the signals: each training adds a line with its seed to ``trained``, and lasts while ``hold`` is there.
"""

import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

HYPERPARAMETERS = {"epochs": 1, "learning_rate": 0.5}
PATIENCE_SECONDS = 600

_folder: Path | None = None


def model() -> nn.Module:
    return nn.Linear(8, 3)


def load_data(folder: Path | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    global _folder
    _folder = folder
    x = torch.randn(240, 8, generator=torch.Generator().manual_seed(0))
    y = x[:, :3].argmax(dim=1)
    return (x[:200], y[:200]), (x[200:], y[200:])


def train(model: nn.Module, x: Tensor, y: Tensor, *, epochs: int, seed: int, learning_rate: float) -> None:
    if _folder is not None and seed >= 1000:  # the seeds below are those of the calibration
        with (_folder / "trained").open("a") as file:
            file.write(f"{seed}\n")
        until = time.monotonic() + PATIENCE_SECONDS
        while (_folder / "hold").exists() and time.monotonic() < until:
            time.sleep(0.01)
    parameters = list(model.parameters())
    for epoch in range(epochs):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed + epoch))
        for batch in torch.split(order, 20):
            gradients = torch.autograd.grad(cross_entropy(model(x[batch]), y[batch]), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.sub_(gradient, alpha=learning_rate)


def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    with torch.no_grad():
        logits = model(x)
    return {
        "loss": cross_entropy(logits, y).item(),
        "accuracy": (logits.argmax(dim=1) == y).float().mean().item(),
    }
