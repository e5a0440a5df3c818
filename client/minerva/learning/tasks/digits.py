"""Handwritten digits: 1,797 images of 8 x 8 pixels, scikit-learn's copy of UCI's optical recognition set."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

TITLE = "Handwritten digits"
INPUTS = "float32 (n, 64): an image of 8 x 8 grey values row by row, from 0 to 1"
LABELS = "int64 (n,): the digit, 0 to 9"
HYPERPARAMETERS = {
    "epochs": 1,  # for each round: more of them let the devices drift apart between two averages
    "batch_size": 32,  # a device with 100 images still takes several steps
    "learning_rate": 0.1,  # usual for a small perceptron on inputs from 0 to 1
}


def model() -> nn.Module:
    """Perceptron with one hidden layer, 4,810 parameters."""
    return nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def load_data(folder: Path | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Hold out a fifth, stratified. The data comes with scikit-learn, so there is no folder to read."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    if folder is not None:
        raise ValueError("the digits come with scikit-learn: leave the data folder out")
    x, y = load_digits(return_X_y=True)
    pixels = (x / 16).astype("float32")
    x_train, x_test, y_train, y_test = map(
        torch.from_numpy, train_test_split(pixels, y, test_size=0.2, stratify=y, random_state=0)
    )
    return (x_train, y_train), (x_test, y_test)


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
    """Mean cross-entropy in nats, and the share of right answers."""
    with torch.no_grad():
        logits = model(x)
    return {
        "loss": cross_entropy(logits, y).item(),
        "accuracy": (logits.argmax(dim=1) == y).float().mean().item(),
    }
