"""The steps of a training, as hashes of the model: what a device commits to for canaries (V15).

A step is a change of the model between two of its forward passes, or after the last one. So a task need know nothing of it:
whether it steps by an optimiser of torch or writes the descent out, it calls the model in between.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from minerva.errors import TaskError
from minerva.learning.numbers import Array

if TYPE_CHECKING:
    import torch
    from torch import nn


def arrays_hash(arrays: Iterable[Array]) -> bytes:
    """Return SHA-256 over the bytes of tensors in the order of their names: of canonical safetensors, the data."""
    hasher = hashlib.sha256()
    for array in arrays:
        hasher.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return hasher.digest()


def state_hash(state: Mapping[str, torch.Tensor]) -> bytes:
    """Return the same of a module's ``state_dict()``."""
    import torch

    tensors = (state[name].detach().cpu().reshape(-1).view(torch.uint8) for name in sorted(state))
    return arrays_hash(tensor.numpy() for tensor in tensors)


class StepRecorder:
    """Hashes a model as it trains.

    Attributes
    ----------
    hashes
        Of the model after each step.
    elapsed_ns
        What the hashing took in the midst of the training, in nanoseconds.
    """

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.elapsed_ns = 0
        self._last = b""
        self._passes = 0

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Record while the block trains ``model``.

        Raises
        ------
        TaskError
            The training never called the model, or in a way in which it has no state of its own.
        """

        def passes(module: nn.Module, _: object) -> None:
            if module is model:  # a copy of the model has its hooks too
                began = time.perf_counter_ns()
                self._passes += 1
                self._look(model)
                self.elapsed_ns += time.perf_counter_ns() - began

        self._look(model, first=True)
        handle = model.register_forward_pre_hook(passes)
        try:
            yield
        finally:
            handle.remove()
        if not self._passes:
            raise TaskError(
                "canaries are not for this task: its train() never calls the model",
                value=type(model).__name__,
                remedy="Call model(x) for each batch, or leave device.canary out.",
            )
        self._look(model)
        if not self.hashes:
            raise TaskError(
                "canaries are not for this training: it leaves the model as it was",
                value=f"{self._passes} forward passes",
                remedy="Look at its learning rate, or leave device.canary out.",
            )

    def _look(self, model: nn.Module, *, first: bool = False) -> None:
        try:
            found = state_hash(model.state_dict())
        except RuntimeError as error:
            raise TaskError(
                "canaries are not for this task: the model cannot be read while it trains",
                value=" ".join(str(error).split())[:120],
                remedy="Train without torch.func's transforms of the model, or leave device.canary out.",
            ) from None
        if not first and found != self._last:
            self.hashes.append(found)
        self._last = found
