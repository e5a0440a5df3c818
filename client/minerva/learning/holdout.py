"""A miner's own held-out data: what rule 6 measures an update by."""

from __future__ import annotations

import math
from pathlib import Path
from threading import Lock

from minerva.errors import DataError, TaskError
from minerva.learning.task import Task, load_task
from minerva.learning.weights import Weights
from minerva.protocol.manifest import Manifest


class Holdout:
    """Measures models on a share of the task's test data, one at a time and in one thread.

    Parameters
    ----------
    task
        The local copy of the training code.
    part, parts
        Which of how many equal shares of the test split is this miner's.

    Raises
    ------
    DataError
        There is no such share, or no sample in it.
    """

    def __init__(self, task: Task, *, part: int = 0, parts: int = 1) -> None:
        _, (x, y) = task.load_data()
        if not 0 <= part < parts or len(x) < parts:
            raise DataError(
                "there is no such share of the held-out data",
                value=f"share {part} of {parts}, {len(x)} samples",
                remedy="Numbers start at 0.",
            )
        self._task, self._x, self._y, self._lock = task, x[part::parts], y[part::parts], Lock()

    @classmethod
    def load(cls, name: str, data: str, part: int, parts: int, manifest: Manifest) -> Holdout:
        """Load a task whose code must be the manifest's; raises as `load_task`, `Task.check_code` and `Holdout`."""
        task = load_task(name, Path(data) if data else None)
        task.check_code(manifest)
        return cls(task, part=part, parts=parts)

    def __call__(self, weights: Weights) -> float:
        """Return a model's loss; infinity where it has none."""
        import torch

        with self._lock:
            torch.set_num_threads(1)  # the order of a sum, and so its last bits, would depend on their number
            try:
                return self._task.evaluate_state(weights.to_torch(), self._x, self._y)["loss"]
            except TaskError:
                return math.inf
