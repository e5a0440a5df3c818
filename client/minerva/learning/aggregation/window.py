"""Float32 tensors of many files as compiled code reads them: from where they lie, by their addresses."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from minerva.learning.aggregation import kernels
from minerva.learning.numbers import Array
from minerva.learning.weights import Weights
from minerva.protocol.manifest import TensorSpec

Places: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Window:
    """Many models' tensors, for `fused`.

    Attributes
    ----------
    memory
        A read-only float32 array from the tensor at the lowest address to the end of that at the highest. Between
        tensors lies what must not be read.
    places
        Where in it each model's (row's) tensors (columns) begin. The last row is the global model.
    starts
        Where the tensors begin in the vector of all, and its length.
    models
        What holds the memory alive.
    """

    memory: Array
    places: Places
    starts: Places
    models: Sequence[Weights]

    @staticmethod
    def of(specs: Sequence[TensorSpec], updates: Sequence[Weights], base: Weights) -> Window | None:
        """Return one of the updates' floating tensors; None where compiled code is not to read them."""
        floating = [i for i, spec in enumerate(specs) if spec.floating and spec.size]
        starts = np.cumsum([0] + [specs[i].size for i in floating], dtype=np.int64)
        if any(specs[i].dtype != "F32" for i in floating) or not kernels.pays(len(updates) * int(starts[-1])):
            return None
        models = (*updates, base)
        found = locate([[model.arrays[i] for i in floating] for model in models])
        return None if found is None else Window(*found, starts, models)

    def some(self, rows: Sequence[int]) -> Window:
        """Return a window of these rows only."""
        return Window(self.memory, self.places[[*rows, -1]], self.starts, self.models)


def locate(rows: Sequence[Sequence[Array]]) -> tuple[Array, Places] | None:
    """Return ``memory`` and ``places`` of float32 arrays; None if one is not aligned."""
    addresses = np.array([[array.__array_interface__["data"][0] for array in row] for row in rows], np.int64)
    if not addresses.size or (addresses % 4).any():
        return None
    columns = addresses.shape[1]
    lowest, highest = (divmod(int(at), columns) for at in (addresses.argmin(), addresses.argmax()))
    first, last = rows[lowest[0]][lowest[1]], rows[highest[0]][highest[1]]
    places = (addresses - addresses[lowest]) // 4
    shape = (int(places[highest]) + last.size,)
    return np.lib.stride_tricks.as_strided(first.reshape(-1), shape, (4,), writeable=False), places


def is_mapped(model: Weights) -> bool:
    """Whether a model lies in a mapped file and not in memory of the process's own."""
    return any(isinstance(array.base, mmap.mmap) for array in model.arrays)
