"""Fashion-MNIST for a perceptron: what robust aggregation is usually measured on."""

import gzip
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

TITLE = "Fashion-MNIST, perceptron"
INPUTS = "float32 (n, 1, 28, 28): grey values from 0 to 1, less 0.2860, by 0.3530"
LABELS = (
    "int64 (n,): 0 T-shirt, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, "
    "9 ankle boot"
)
HYPERPARAMETERS = {
    "epochs": 1,  # for each round: more of them let the devices drift apart between two averages
    "batch_size": 64,  # a device with 3,000 images takes some fifty steps a round
    "learning_rate": 0.05,  # without momentum: its state would be lost at each average
}
MEAN, DEVIATION = 0.2860, 0.3530
"""Of the training images' grey values: standardised, they are learnt in half the rounds."""
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts the files."""


def model() -> nn.Module:
    """Perceptron with one hidden layer, 101,770 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def load_data(folder: Path | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Read the four IDX files, gzipped or not, from ``folder`` or where Debian puts them."""
    folder = folder or DEBIAN
    return _pair(folder, "train"), _pair(folder, "t10k")


def train(
    model: nn.Module, x: Tensor, y: Tensor, *, epochs: int, seed: int, batch_size: int, learning_rate: float
) -> None:
    """Stochastic gradient descent, written out: torch.optim costs a process a second of imports."""
    order = torch.Generator().manual_seed(seed)
    parameters = list(model.parameters())
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(x), generator=order), batch_size):
            gradients = torch.autograd.grad(cross_entropy(model(x[batch]), y[batch]), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.sub_(gradient, alpha=learning_rate)


def evaluate(model: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """Mean cross-entropy in nats, and the share of right answers; a thousand images at a time."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, labels in zip(torch.split(x, 1000), torch.split(y, 1000), strict=True):
            logits = model(images)
            loss += cross_entropy(logits, labels, reduction="sum").item()
            right += int((logits.argmax(dim=1) == labels).sum())
    return {"loss": loss / len(x), "accuracy": right / len(x)}


def _pair(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    images = _read(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    labels = _read(folder, f"{part}-labels-idx1-ubyte", 8)
    return (torch.from_numpy(images).float() / 255 - MEAN) / DEVIATION, torch.from_numpy(labels).long()


def _read(folder: Path, name: str, header: int) -> np.ndarray:
    plain, packed = folder / name, folder / f"{name}.gz"
    if packed.is_file():
        data = gzip.decompress(packed.read_bytes())
    elif plain.is_file():
        data = plain.read_bytes()
    else:
        raise FileNotFoundError(
            f"no {packed.name} in {folder}: install Debian's package dataset-fashion-mnist, "
            "or name the folder that holds it"
        )
    return np.frombuffer(data, np.uint8, offset=header).copy()
