"""Local models as rows of deltas, read from where they lie: usually a file that the system maps and pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minerva.learning.aggregation import kernels
from minerva.learning.numbers import Array, Float64, widen
from minerva.learning.weights import Weights
from minerva.protocol.manifest import TensorSpec


class Flat:
    """The floating elements of a model as one vector: tensors in the order of their names, elements row-major."""

    def __init__(self, spec: Sequence[TensorSpec]) -> None:
        self._parts: list[tuple[int, int, int, str]] = []
        self.size = 0
        for index, tensor in enumerate(spec):
            if tensor.floating and tensor.size:
                self._parts.append((self.size, self.size + tensor.size, index, tensor.dtype))
                self.size += tensor.size

    def cuts(self, start: int, stop: int) -> Iterator[tuple[int, slice, slice, str]]:
        """Yield what of which tensor lies from ``start`` to ``stop``: its index, its part, the part's place, dtype."""
        for begin, end, index, dtype in self._parts:
            if begin >= stop:
                return
            first, last = max(begin, start), min(end, stop)
            if first < last:
                yield index, slice(first - begin, last - begin), slice(first - start, last - start), dtype

    def read(self, arrays: Sequence[Array], start: int, out: Float64) -> None:
        """Widen elements ``start`` and on of the vector into ``out``; ``arrays`` are flat, one a tensor."""
        for index, part, place, dtype in self.cuts(start, start + out.size):
            widen(arrays[index][part], dtype, out[place])


class UpdateRows:
    """Rows of local models less the global model, in float64, exact where the difference is."""

    def __init__(self, flat: Flat, base: Weights, updates: Sequence[Weights]) -> None:
        self._flat, self._base = flat, _flattened(base)
        self._updates = [_flattened(update) for update in updates]
        self.count, self.size = len(updates), flat.size

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        base = np.empty(out.shape[1])
        self._flat.read(self._base, start, base)
        fast = kernels.pays(self.count * self.size)
        for row, index in enumerate(which):
            for tensor, part, place, dtype in self._flat.cuts(start, start + out.shape[1]):
                numbers, delta = self._updates[index][tensor][part], out[row, place]
                if fast and dtype == "F32" and numbers.flags.aligned:
                    kernels.subtract(numbers, base[place], delta)
                else:
                    widen(numbers, dtype, delta)
                    delta -= base[place]
                    delta += 0.0

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """See `Rows`: the local models' own elements, which float32 holds exactly, in the order of their deltas."""
        base = np.empty(width)
        self._flat.read(self._base, start, base)
        values = np.empty((self.count, width), np.float32)
        for index, arrays in enumerate(self._updates):
            for tensor, part, place, dtype in self._flat.cuts(start, start + width):
                widen(arrays[tensor][part], dtype, values[index, place])
        return values, base


def _flattened(weights: Weights) -> tuple[Array, ...]:
    return tuple(array.reshape(-1) for array in weights.arrays)
