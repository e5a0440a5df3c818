"""Local training of many devices at once: what the task's own train() gives each of them, up to rounding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from minerva.learning.task import Task
from minerva.learning.vectors import Layout, Vector

if TYPE_CHECKING:
    from torch import Tensor

Deltas = npt.NDArray[np.float32]

_TRIED = 3  # batches of the comparison with the task's own training
_CLOSE = 1e-4


class Trainer(Protocol):
    """Trains devices, each on its own rows of one data set, and returns their deltas (a row each)."""

    def __call__(
        self, base: Vector, x: Tensor, y: Tensor, parts: Sequence[Tensor], seeds: Sequence[int], epochs: int
    ) -> Deltas:
        """Train from ``base``; device i has the samples ``parts[i]``, in an order seeded by ``seeds[i]``."""
        ...


def trainer_for(task: Task) -> Trainer:
    """Return the fastest way that gives what the task's train() gives.

    Perceptrons trained by plain stochastic gradient descent, as in the bundled tasks, are trained side by side. Whether a task
    is one is not only read off its model but tried on a few of its samples; every other task trains one device at a time.
    """
    layout = Layout(task.spec())
    alone = OneByOne(task, layout)
    layers = _layers(task)
    if not layers or not {"batch_size", "learning_rate"} <= set(task.hyperparameters):
        return alone
    together = SideBySide(layers, layout, task.hyperparameters)
    return together if _same(together, alone, task, layout) else alone


class OneByOne:
    """The task's own training, a device after the other."""

    def __init__(self, task: Task, layout: Layout) -> None:
        self._task, self._layout = task, layout

    def __call__(
        self, base: Vector, x: Tensor, y: Tensor, parts: Sequence[Tensor], seeds: Sequence[int], epochs: int
    ) -> Deltas:
        """See `Trainer`."""
        deltas = np.empty((len(parts), self._layout.size), np.float32)
        for row, part, seed in zip(deltas, parts, seeds, strict=True):
            model = self._task.model_with(self._layout.state(base))
            self._task.train(model, x[part], y[part], epochs=epochs, seed=seed)
            np.subtract(self._layout.vector(model.state_dict()), base, out=row)
        return deltas


class SideBySide:
    """Stochastic gradient descent on as many perceptrons as there are devices, by batched matrix products.

    At each step all devices take their next batch; who has fewer samples ends earlier. The gradients of the mean cross-entropy
    are written out.

    Parameters
    ----------
    layers
        Names of the linear layers, first to last, each followed by a ReLU but the last.
    """

    def __init__(self, layers: Sequence[str], layout: Layout, hyperparameters: dict[str, object]) -> None:
        self._layers, self._layout = tuple(layers), layout
        self._batch, self._rate = (
            int(str(hyperparameters["batch_size"])),
            float(str(hyperparameters["learning_rate"])),
        )

    def __call__(
        self, base: Vector, x: Tensor, y: Tensor, parts: Sequence[Tensor], seeds: Sequence[int], epochs: int
    ) -> Deltas:
        """See `Trainer`."""
        import torch

        flat = x.reshape(len(x), -1)
        plans = [self._plan(part, seed, epochs) for part, seed in zip(parts, seeds, strict=True)]
        ranked = sorted(range(len(plans)), key=lambda device: -len(plans[device]))
        state = self._layout.state(base)
        weights = [
            [
                state[f"{name}.{kind}"].expand(len(plans), *state[f"{name}.{kind}"].shape).clone()
                for kind in ("weight", "bias")
            ]
            for name in self._layers
        ]
        for step in range(len(plans[ranked[0]])):
            batches = [plans[device][step] for device in ranked if step < len(plans[device])]
            width = max(len(batch) for batch in batches)
            rows = torch.zeros(len(batches), width, dtype=torch.long)
            share = torch.zeros(len(batches), width, 1)
            for index, batch in enumerate(batches):
                rows[index, : len(batch)] = batch
                share[index, : len(batch)] = 1.0 / len(batch)
            self._step(
                [[part[: len(batches)] for part in layer] for layer in weights], flat[rows], y[rows], share
            )
        deltas = np.empty((len(plans), self._layout.size), np.float32)
        for name, (weight, bias) in zip(self._layers, weights, strict=True):
            for kind, tensor in (("weight", weight), ("bias", bias)):
                deltas[ranked, self._layout.slices[f"{name}.{kind}"]] = tensor.reshape(len(plans), -1).numpy()
        deltas -= base
        return deltas

    def _plan(self, part: Tensor, seed: int, epochs: int) -> list[Tensor]:
        """Return a device's batches, as row numbers of the data set: the order is the tasks' own."""
        import torch

        order = torch.Generator().manual_seed(seed)
        return [
            part[batch]
            for _ in range(epochs)
            for batch in torch.split(torch.randperm(len(part), generator=order), self._batch)
        ]

    def _step(self, layers: list[list[Tensor]], x: Tensor, y: Tensor, share: Tensor) -> None:
        """One step of all devices, in place."""
        import torch

        inputs = [x]
        for index, (weight, bias) in enumerate(layers):
            out = torch.baddbmm(bias[:, None], inputs[-1], weight.transpose(1, 2))
            inputs.append(out if index == len(layers) - 1 else out.relu_())
        error = torch.softmax(inputs.pop(), dim=2)
        error.scatter_add_(2, y[:, :, None], torch.full_like(error[:, :, :1], -1.0))
        error *= share
        for index in range(len(layers) - 1, -1, -1):
            weight, bias = layers[index]
            before = torch.bmm(error, weight).mul_(inputs[index] > 0) if index else error
            weight.baddbmm_(error.transpose(1, 2), inputs[index], alpha=-self._rate)
            bias.sub_(error.sum(dim=1), alpha=self._rate)
            error = before


def _layers(task: Task) -> list[str]:
    """Return the names of a perceptron's linear layers; none when the model is something else."""
    from torch import nn

    model = task.model()
    if not isinstance(model, nn.Sequential):
        return []
    parts = list(model.named_children())
    if parts and isinstance(parts[0][1], nn.Flatten):
        parts = parts[1:]
    linear, between = parts[::2], parts[1::2]
    usual = (
        len(parts) % 2 == 1
        and all(isinstance(layer, nn.Linear) and layer.bias is not None for _, layer in linear)
        and all(isinstance(layer, nn.ReLU) for _, layer in between)
    )
    return [name for name, _ in linear] if usual else []


def _same(one: Trainer, other: Trainer, task: Task, layout: Layout) -> bool:
    """Whether two ways of training agree on a few batches."""
    import torch

    (x, y), _ = task.load_data()
    if y.dtype != torch.int64 or y.dim() != 1:
        return False
    count = min(len(x), _TRIED * int(str(task.hyperparameters["batch_size"])) - 1)
    base, parts = layout.vector(task.initial_state()), [torch.arange(count)]
    first, second = (way(base, x[:count], y[:count], parts, [7], 1) for way in (one, other))
    return bool(np.abs(first - second).max() <= _CLOSE * np.abs(second).max())
