"""Breast cancer, Wisconsin diagnostic: 569 tumours by 30 measurements of cell nuclei, from scikit-learn."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

TITLE = "Breast cancer, malignant or benign"
INPUTS = "float32 (n, 30): measurements of cell nuclei, standardised with the constants below"
LABELS = "int64 (n,): 0 malignant, 1 benign"
HYPERPARAMETERS = {
    "epochs": 1,  # for each round
    "batch_size": 16,  # a hospital may have only some dozens of cases
    "learning_rate": 0.1,  # usual for standardised inputs
}

# Mean and standard deviation over the training part. They belong to the task: a hospital that standardised
# with its own figures would feed another scale to the common model.
MEAN = [
    14.14, 19.23, 92.05, 657.7, 0.09648, 0.1041, 0.08792, 0.0491, 0.1811, 0.06272,
    0.4048, 1.214, 2.876, 40.69, 0.007084, 0.02532, 0.0311, 0.0118, 0.02055, 0.003742,
    16.28, 25.59, 107.4, 883.7, 0.1325, 0.2542, 0.2698, 0.1149, 0.2898, 0.08395,
]  # fmt: skip
DEVIATION = [
    3.597, 4.353, 24.79, 362.7, 0.01388, 0.05204, 0.0769, 0.03888, 0.02707, 0.006975,
    0.285, 0.5645, 2.102, 47.72, 0.00308, 0.01714, 0.02588, 0.006039, 0.00834, 0.002273,
    4.912, 6.216, 34.19, 584.5, 0.02273, 0.1554, 0.2034, 0.06657, 0.0606, 0.01771,
]  # fmt: skip


def model() -> nn.Module:
    """Perceptron with one hidden layer, 530 parameters."""
    return nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 2))


def load_data(folder: Path | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Train on ``folder/train.csv``, else on the bundled part.

    The file has a header line, then 30 measurements and the label a row. The test part is always the bundled
    one: a fifth, stratified.
    """
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    x, y = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    if folder is not None:
        rows = np.loadtxt(folder / "train.csv", delimiter=",", skiprows=1, ndmin=2)
        if rows.shape[1] != 31:
            raise ValueError(
                f"train.csv has {rows.shape[1]} columns; it needs 30 measurements and the label (0 or 1)"
            )
        x_train, y_train = rows[:, :30], rows[:, 30]
    return (_standardised(x_train), _labels(y_train)), (_standardised(x_test), _labels(y_test))


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
    """Mean cross-entropy in nats, the share of right answers, and that of malignant tumours found."""
    with torch.no_grad():
        logits = model(x)
    answers = logits.argmax(dim=1)
    malignant = y == 0
    return {
        "loss": cross_entropy(logits, y).item(),
        "accuracy": (answers == y).float().mean().item(),
        "sensitivity": (answers[malignant] == 0).sum().item() / max(1, int(malignant.sum())),
    }


def _standardised(x: np.ndarray) -> Tensor:
    return torch.from_numpy((x - np.array(MEAN)) / np.array(DEVIATION)).float()


def _labels(y: np.ndarray) -> Tensor:
    labels = torch.from_numpy(np.asarray(y)).long()
    if not bool(((labels == 0) | (labels == 1)).all()):
        raise ValueError("a label is neither 0 (malignant) nor 1 (benign)")
    return labels
