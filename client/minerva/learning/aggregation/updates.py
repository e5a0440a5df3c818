"""Local models as rows of deltas, read from where they lie: usually a file that the system maps and pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from minerva.learning.aggregation import kernels, loops
from minerva.learning.aggregation.rows import scratch
from minerva.learning.aggregation.window import Window
from minerva.learning.numbers import Array, Float64, widen
from minerva.learning.weights import Weights
from minerva.protocol.manifest import TensorSpec

Cut = tuple[Array, slice, str]
"""Some elements, their place in the block that was asked for, and their dtype."""


class Vector:
    """The floating elements of a model as one vector: tensors in the order of their names, elements row-major.

    Tensors that follow each other in memory, as they do in a canonical file, are read as one.

    Parameters
    ----------
    spec
        Of the tensors.
    arrays
        Theirs, each contiguous.
    """

    def __init__(self, spec: Sequence[TensorSpec], arrays: Sequence[Array]) -> None:
        self._runs: list[tuple[Array, str]] = []
        self._starts: list[int] = []
        self.size, end = 0, -1
        for tensor, array in zip(spec, arrays, strict=True):
            if not tensor.floating or not tensor.size:
                continue
            flat, address = array.reshape(-1), array.__array_interface__["data"][0]
            if address == end and self._runs[-1][1] == tensor.dtype:
                first, size = self._runs[-1][0], self._runs[-1][0].size + flat.size
                whole = np.lib.stride_tricks.as_strided(first, (size,), (first.itemsize,))
                self._runs[-1] = (whole, tensor.dtype)
            else:
                self._runs.append((flat, tensor.dtype))
                self._starts.append(self.size)
            self.size, end = self.size + flat.size, address + flat.nbytes

    def cuts(self, start: int, stop: int) -> Iterator[Cut]:
        """Yield what lies from ``start`` to ``stop``, in order."""
        for index in range(bisect_right(self._starts, start) - 1, len(self._runs)):
            begin, (run, dtype) = self._starts[index], self._runs[index]
            if begin >= stop:
                return
            first, last = max(begin, start), min(begin + run.size, stop)
            yield run[first - begin : last - begin], slice(first - start, last - start), dtype

    def read(self, start: int, out: Array) -> None:
        """Widen elements ``start`` and on into ``out``, float64, or float32 which holds them too."""
        for elements, place, dtype in self.cuts(start, start + out.size):
            widen(elements, dtype, out[place])


class UpdateRows:
    """Rows of local models less the global model, in float64, exact where the difference is."""

    def __init__(self, base: Weights, updates: Sequence[Weights]) -> None:
        self._base = Vector(base.specs, base.arrays)
        self._updates = [Vector(update.specs, update.arrays) for update in updates]
        self.count, self.size = len(updates), self._base.size
        self.window = Window.of(base.specs, updates, base)

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        width, fast = out.shape[1], kernels.pays(self.count * self.size)
        base = scratch("base", (width,))
        self._base.read(start, base)
        for row, index in enumerate(which):
            for elements, place, dtype in self._updates[index].cuts(start, start + width):
                delta = out[row, place]
                if fast and dtype == "F32" and elements.flags.aligned:
                    kernels.compiled(loops.subtract)(elements, base[place], delta)
                else:
                    widen(elements, dtype, delta)
                    delta -= base[place]
                    delta += 0.0

    def accumulate(self, coefficients: Float64, start: int, out: Float64) -> None:
        """See `Rows`."""
        fast, base = kernels.pays(self.count * self.size), scratch("base", (out.size,))
        self._base.read(start, base)
        out.fill(0.0)
        for factor, update in zip(coefficients.tolist(), self._updates, strict=True):
            for elements, place, dtype in update.cuts(start, start + out.size) if factor else ():
                if fast and dtype == "F32" and elements.flags.aligned:
                    kernels.compiled(loops.add_difference)(out[place], elements, base[place], factor)
                else:
                    delta = scratch("delta", (elements.size,))
                    widen(elements, dtype, delta)
                    delta -= base[place]
                    delta += 0.0
                    delta *= factor
                    out[place] += delta

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """See `Rows`: the local models' own elements, which float32 holds exactly, in the order of their deltas."""
        base = scratch("base", (width,))
        values = scratch("float32", (self.count, width), np.float32)
        self._base.read(start, base)
        for row, update in zip(values, self._updates, strict=True):
            update.read(start, row)
        return values, base
