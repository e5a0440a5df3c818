"""What a task's data must be: tensors of samples and labels, some of each, finite, of two classes or more."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from minerva.errors import DataError
from minerva.learning.taskfile import LOOK, TaskFile

if TYPE_CHECKING:
    from torch import Tensor

    Samples: TypeAlias = tuple[Tensor, Tensor]


def checked_data(file: TaskFile, loaded: object) -> tuple[Samples, Samples]:
    """Return what ``load_data`` loaded: training and test samples.

    Raises
    ------
    TaskError
        It is not ((x, y), (x, y)) in tensors.
    DataError
        A part is empty, its samples and labels differ in number, it is not finite, or all training samples
        have one label.
    """
    import torch

    try:
        train, test = ((x, y) for x, y in loaded)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise file.wrong("load_data", "must return ((x, y), (x, y))", type(loaded).__name__) from None
    name = file.path.stem
    for part, (x, y) in (("training", train), ("test", test)):
        for tensor in (x, y):
            if not isinstance(tensor, torch.Tensor) or not tensor.dim():
                raise file.wrong("load_data", "must return tensors of samples", type(tensor).__name__)
        if len(x) != len(y) or not len(x):
            raise DataError(
                f"the {part} data of {name} is empty or uneven",
                value=f"{len(x)} samples, {len(y)} labels",
                remedy=LOOK,
            )
        if not bool(torch.isfinite(x).all()):
            raise DataError(f"the {part} data of {name} holds NaN or infinity", remedy=LOOK)
    if len(torch.unique(train[1])) < 2:
        raise DataError(
            f"the training data of {name} has one class only",
            value=f"label {train[1].reshape(-1)[0].item()} in all {len(train[1])} samples",
            remedy=LOOK,
        )
    return train, test
