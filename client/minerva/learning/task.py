"""Tasks: what is learned, in one plain Python file.

A task file needs four functions and no import of Minerva (the bundled ones in ``tasks/`` are examples)::

    def model() -> torch.nn.Module
    def load_data(folder: Path | None) -> ((x_train, y_train), (x_test, y_test))    # first axis: samples
    def train(model, x, y, *, epochs, seed, **hyperparameters) -> None              # in place
    def evaluate(model, x, y) -> {"loss": float, "accuracy": float}                 # more is welcome

It may have the constants TITLE, INPUTS, LABELS and HYPERPARAMETERS, a dict whose items are handed to
``train`` (all but ``epochs``, the default number of local epochs for each round).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from minerva.errors import DataError, TaskError, UserError
from minerva.learning.dataset import checked_data
from minerva.learning.seeding import seeded
from minerva.learning.taskfile import BUNDLED, TaskFile, find
from minerva.learning.template import scaffold
from minerva.learning.weights import spec_of
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

    Samples: TypeAlias = tuple[Tensor, Tensor]
    State: TypeAlias = dict[str, Tensor]

__all__ = ["BUNDLED", "Task", "load_task", "scaffold"]

_EVALUATION = "anyone, with evaluate() of the task's code on its own test data"


def load_task(name_or_path: str, data: Path | None = None) -> Task:
    """Load a task by a bundled one's name or by the path of a file.

    Parameters
    ----------
    name_or_path
        A bundled task (`BUNDLED`), or a file.
    data
        Folder given to the task's ``load_data``; None for its own default.

    Raises
    ------
    TaskError
        There is no such task, or its file is not one.
    """
    return Task(find(str(name_or_path)), data)


class Task:
    """A loaded task; its methods call the file's functions and check what they return.

    Every fault of the file is a `TaskError`, and of the data a `DataError`: one line with the file's line
    number. Random numbers (torch's, numpy's and Python's) are seeded around each call and put back
    afterwards.

    Attributes
    ----------
    name
        The file's name without ``.py``.
    code_sha256
        Hex SHA-256 of the file's bytes.
    title, inputs, labels
        Descriptions in words.
    hyperparameters
        The file's HYPERPARAMETERS.
    """

    def __init__(self, path: Path, data: Path | None = None) -> None:
        self._file, self._folder = TaskFile(path), data
        self.name, self.path = path.stem, path
        self.code_sha256 = self._file.sha256
        self.title, self.inputs, self.labels = (
            str(self._file.constant(constant, default))
            for constant, default in (
                ("TITLE", self.name),
                ("INPUTS", "not described"),
                ("LABELS", "not described"),
            )
        )
        self.hyperparameters = self._file.hyperparameters

    @property
    def epochs(self) -> int:
        """Local epochs for each round, unless somebody says otherwise."""
        return int(self.hyperparameters.get("epochs", 1))

    # -- model

    def model(self, seed: int = 0) -> nn.Module:
        """Make a new model, seeded."""
        from torch import nn

        with seeded(seed):
            module = self._file.call("model")
        if not isinstance(module, nn.Module):
            raise self._file.wrong("model", "must return a torch.nn.Module", type(module).__name__)
        return module

    def initial_state(self, seed: int = 0) -> State:
        """Return the state of a new model, made after ``torch.manual_seed(seed)``."""
        self.spec()
        return {name: tensor.detach().clone() for name, tensor in self.model(seed).state_dict().items()}

    def spec(self) -> tuple[TensorSpec, ...]:
        """Return the model's tensors in the order of their names."""
        return self._spec

    @cached_property
    def _spec(self) -> tuple[TensorSpec, ...]:
        try:
            spec = spec_of(self.model().state_dict())
        except UserError as error:
            raise self._file.wrong("model", "has a tensor that cannot be shared", error) from error
        if not any(tensor.floating for tensor in spec):
            raise self._file.wrong(
                "model", "must have something to train", "no floating-point tensor in its state"
            )
        return spec

    def flops(self) -> int:
        """Count the floating-point operations of one sample's forward and backward pass.

        As torch.utils.flop_counter does: matrix products and convolutions only, so never more than are done.

        Raises
        ------
        DataError
            There is no sample to count with.
        TaskError
            The model does not take one.
        """
        from torch.utils.flop_counter import FlopCounterMode

        (x, _), _ = self.load_data()
        model = self.model()
        model.eval()  # batch normalisation takes no single sample otherwise
        with seeded(0), FlopCounterMode(display=False) as counter:
            try:
                output = model(x[:1])
                output.sum().backward()
            except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
                raise self._file.wrong("model", "must take a sample and give a tensor", error) from error
        return int(counter.get_total_flops())

    # -- data

    def load_data(self) -> tuple[Samples, Samples]:
        """Return training and test samples, read once.

        Raises
        ------
        DataError
            The data cannot be read, is empty, not finite, or of one class only.
        """
        return self._data

    @cached_property
    def _data(self) -> tuple[Samples, Samples]:
        with seeded(0):
            return checked_data(self._file, self._file.call("load_data", self._folder, fault=DataError))

    # -- training and evaluation

    def train(
        self, model: nn.Module, x: Tensor, y: Tensor, *, epochs: int, seed: int, **changes: Any
    ) -> None:
        """Train ``model`` in place.

        Parameters
        ----------
        x, y
            Samples and labels, first axis the sample's.
        epochs
            Passes over the samples.
        seed
            Seeds the order of the samples and everything else that is random.
        changes
            Hyper-parameters other than the file's.
        """
        unknown = [name for name in changes if not self._file.accepts("train", name)]
        if unknown:
            raise TaskError(
                f"train() of {self.path.name} has no such hyper-parameter",
                value=", ".join(unknown),
                remedy=f"Known: {', '.join(self.hyperparameters) or 'none'}.",
            )
        wanted = {**self.hyperparameters, **changes}
        extra = {name: value for name, value in wanted.items() if self._file.accepts("train", name)}
        model.train()
        with seeded(seed):
            result = self._file.call("train", model, x, y, **{**extra, "epochs": epochs, "seed": seed})
        if result is not None:
            raise self._file.wrong("train", "must train in place and return nothing", type(result).__name__)

    def evaluate(self, model: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
        """Return the task's figures for a model, ``"loss"`` and ``"accuracy"`` among them, all finite."""
        import torch

        model.eval()
        with seeded(0), torch.no_grad():
            result = self._file.call("evaluate", model, x, y)
        if not isinstance(result, Mapping) or not {"loss", "accuracy"} <= set(result):
            raise self._file.wrong("evaluate", "must return a dict with loss and accuracy", result)
        metrics = {}
        for name, value in result.items():
            try:
                metrics[str(name)] = float(value)
            except (TypeError, ValueError, RuntimeError):
                raise self._file.wrong("evaluate", f"must return a number as {name}", value) from None
            if not math.isfinite(metrics[str(name)]):
                raise TaskError(
                    f"evaluate() of {self.path.name} gives a {name} that is not finite",
                    value=metrics[str(name)],
                    remedy="Training diverged: lower the learning rate, or look at the data.",
                )
        if not 0.0 <= metrics["accuracy"] <= 1.0:
            raise self._file.wrong("evaluate", "must return an accuracy from 0 to 1", metrics["accuracy"])
        return metrics

    def evaluate_state(self, state: State, x: Tensor, y: Tensor) -> dict[str, float]:
        """Evaluate a model in this state (`minerva.learning.weights.bytes_to_state` reads one)."""
        return self.evaluate(self.model_with(state), x, y)

    def model_with(self, state: State) -> nn.Module:
        """Make a model in this state."""
        model = self.model()
        try:
            model.load_state_dict(state)
        except (RuntimeError, KeyError) as error:
            raise self._file.wrong("model", "has other tensors than these weights", error) from error
        return model

    # -- the federation's view

    def manifest(
        self,
        rules: RuleParameters,
        *,
        aggregation: str = "fedavg",
        title: str | None = None,
        evaluation: str = _EVALUATION,
    ) -> Manifest:
        """Describe this task for a federation; hyper-parameters that are floats become decimal strings."""
        return Manifest(
            title=title or self.title,
            task=self.name,
            inputs=self.inputs,
            labels=self.labels,
            tensors=self.spec(),
            hyperparameters={
                k: repr(v) if isinstance(v, float) else v for k, v in self.hyperparameters.items()
            },
            rules=rules,
            aggregation=aggregation,
            code_sha256=self.code_sha256,
            evaluation=evaluation,
        )

    def check_code(self, manifest: Manifest, trust: bool = False) -> None:
        """Refuse a federation whose training code is not this file by a `TaskError`, unless ``trust``."""
        if manifest.code_sha256 != self.code_sha256 and not trust:
            raise TaskError(
                f"the federation's training code is not the {self.path.name} here",
                value=f"SHA-256 {manifest.code_sha256}, here {self.code_sha256}",
                remedy="Get that version of the file and read it, or trust yours (device.trust_code).",
            )
