"""The device's private side: its task, its data, and the registration that commits to them."""

from __future__ import annotations

import logging
from copy import copy
from typing import TYPE_CHECKING, Protocol, Self

from minerva.errors import TaskError
from minerva.learning.steps import StepRecorder
from minerva.learning.training import LocalResult, calibrate, dataset_commitment, train_local
from minerva.protocol.manifest import Manifest

if TYPE_CHECKING:
    from torch import Tensor

    from minerva.learning.task import Task

log = logging.getLogger(__name__)


class Trainer(Protocol):
    """What the device's round needs of learning."""

    def commitment(self) -> tuple[bytes, int, int]:
        """Return data set root (32 bytes), samples, and calibrated rate (ns per sample and epoch)."""
        ...

    def check(self, manifest: Manifest) -> None:
        """Refuse a federation whose task is not this one; raises `TaskError`."""
        ...

    def train(self, base: bytes, round_: int) -> LocalResult:
        """One round of local training from the global model's bytes; the same again gives the same."""
        ...


class TaskTrainer:
    """Train a task on this device's data.

    Parameters
    ----------
    task
        The local copy of the training code.
    x, y
        This device's samples, first axis the sample's.
    client
        The device's number; with the round it seeds the sample order: ``1000 · round + client``.
    epochs
        Local epochs for each round; 0 for the task's own.
    trust_code
        Accept a manifest that names another hash of the training code.
    canary
        Record the steps of each training, for canaries.
    """

    def __init__(
        self,
        task: Task,
        x: Tensor,
        y: Tensor,
        *,
        client: int,
        epochs: int = 0,
        trust_code: bool = False,
        canary: bool = False,
    ) -> None:
        self._task, self._x, self._y = task, x, y
        self._client, self._epochs, self._trust = client, epochs or task.epochs, trust_code
        self._canary = canary

    @property
    def samples(self) -> tuple[Tensor, Tensor]:
        """What it trains on."""
        return self._x, self._y

    def on(self, x: Tensor, y: Tensor) -> Self:
        """Return the same trainer on other samples."""
        other = copy(self)
        other._x, other._y = x, y
        return other

    def commitment(self) -> tuple[bytes, int, int]:
        """See `Trainer`. The calibration trains a scratch copy of the model and keeps nothing."""
        return dataset_commitment(self._x, self._y), len(self._x), calibrate(self._task, self._x, self._y)

    def check(self, manifest: Manifest) -> None:
        """See `Trainer`."""
        if tuple(manifest.tensors) != tuple(self._task.spec()):
            raise TaskError(
                "the federation's model has other tensors than this task's",
                value=f"{manifest.title} against {self._task.name}",
                remedy="Run the task that the manifest names.",
            )
        self._task.check_code(manifest, trust=self._trust)

    def train(self, base: bytes, round_: int) -> LocalResult:
        """See `Trainer`."""
        return train_local(
            self._task, base, self._x, self._y, epochs=self._epochs, seed=1000 * round_ + self._client,
            recorder=StepRecorder() if self._canary else None,
        )  # fmt: skip
