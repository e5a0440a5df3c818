"""A model as one vector: the floating tensors in the order of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from minerva.errors import TaskError
from minerva.protocol.manifest import TensorSpec

if TYPE_CHECKING:
    from torch import Tensor

Vector = npt.NDArray[np.float32]


class Layout:
    """Where each tensor of a model lies in its vector; raises `TaskError` for a model that is not all float32."""

    def __init__(self, spec: Sequence[TensorSpec]) -> None:
        other = [tensor.name for tensor in spec if tensor.dtype != "F32"]
        if other:
            raise TaskError(
                "only a model of float32 can be one vector",
                value=", ".join(other)[:200],
                remedy="Counters of batch normalisation are such: choose another normalisation.",
            )
        self.spec = tuple(spec)
        self.slices: dict[str, slice] = {}
        self.size = 0
        for tensor in self.spec:
            self.slices[tensor.name] = slice(self.size, self.size + tensor.size)
            self.size += tensor.size

    def vector(self, state: Mapping[str, Tensor]) -> Vector:
        """Return a state as a vector."""
        out = np.empty(self.size, np.float32)
        for name, where in self.slices.items():
            out[where] = state[name].detach().reshape(-1).numpy()
        return out

    def join(self, arrays: Sequence[npt.NDArray[np.float32]]) -> Vector:
        """Return tensors, in the order of their names, as a vector."""
        return np.concatenate([array.reshape(-1) for array in arrays])

    def arrays(self, vector: Vector) -> list[npt.NDArray[np.float32]]:
        """Return a vector's tensors, views in the order of their names."""
        return [vector[self.slices[tensor.name]].reshape(tensor.shape) for tensor in self.spec]

    def state(self, vector: Vector) -> dict[str, Tensor]:
        """Return a vector as a state for ``load_state_dict``: views of it."""
        import torch

        return {
            tensor.name: torch.from_numpy(array)
            for tensor, array in zip(self.spec, self.arrays(vector), strict=True)
        }
