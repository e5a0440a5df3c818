"""A round's updates as the rows of a matrix that is never in memory as a whole: it is read block by block."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike

from minerva.learning.aggregation import kernels, loops
from minerva.learning.aggregation.window import Window
from minerva.learning.numbers import Array, Float64

BLOCK = 16_384
"""Elements of each row that are read at a time: part of the rules (docs/SPECIFICATION.md, G4), no figure to tune."""


_kept = threading.local()


class Rows(Protocol):
    """Updates' deltas to the global model, one a row, in update order."""

    @property
    def count(self) -> int:
        """Number of rows."""
        ...

    @property
    def size(self) -> int:
        """Length of a row."""
        ...

    @property
    def window(self) -> Window | None:
        """Where whole steps may be compiled to read the rows; None for what has no such place."""
        ...

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """Write elements ``start`` and on of the rows ``which`` to the rows of ``out``, without negative zeros."""
        ...

    def accumulate(self, coefficients: Float64, start: int, out: Float64) -> None:
        """Write ``Σ cᵢ·rowᵢ`` from element ``start`` on, added in order from +0; a c of 0 leaves its row out."""
        ...

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """Return ``width`` elements of all rows as (values, base), to be written over.

        The rows are ``values - base``, and sorting the values, float32 or float64, sorts the rows.
        """
        ...


class ArrayRows:
    """Rows that lie in memory, float32 or float64."""

    window = None

    def __init__(self, deltas: Array) -> None:
        self._deltas = deltas
        self.count, self.size = deltas.shape

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        for row, index in enumerate(which):
            np.add(self._deltas[index, start : start + out.shape[1]], 0.0, out=out[row], dtype=np.float64)

    def accumulate(self, coefficients: Float64, start: int, out: Float64) -> None:
        """See `Rows`."""
        _accumulate(self, coefficients, start, out)

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """See `Rows`."""
        return np.array(self._deltas[:, start : start + width], order="C"), np.zeros(width)


class AppendedRow:
    """Rows with one more below them: the centre of last round."""

    window = None

    def __init__(self, rows: Rows, last: Array) -> None:
        self._rows, self._last = rows, last
        self.count, self.size = rows.count + 1, rows.size

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        for row, index in enumerate(which):
            if index == self._rows.count:
                np.add(self._last[start : start + out.shape[1]], 0.0, out=out[row], dtype=np.float64)
            else:
                self._rows.read([index], start, out[row : row + 1])

    def accumulate(self, coefficients: Float64, start: int, out: Float64) -> None:
        """See `Rows`."""
        _accumulate(self, coefficients, start, out)

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """See `Rows`."""
        return _deltas(self, start, width)


class MixedRows:
    """Linear combinations of rows, each summed in the order of the rows: ``mixture`` has a row for each."""

    window = None

    def __init__(self, rows: Rows, mixture: Float64) -> None:
        self._rows, self._mixture = rows, mixture
        self.count, self.size = len(mixture), rows.size

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        inner = scratch("mixed", (self._rows.count, out.shape[1]))
        self._rows.read(range(self._rows.count), start, inner)
        mix(self._mixture[list(which)], inner, out)

    def accumulate(self, coefficients: Float64, start: int, out: Float64) -> None:
        """See `Rows`."""
        _accumulate(self, coefficients, start, out)

    def values(self, start: int, width: int) -> tuple[Array, Float64]:
        """See `Rows`."""
        return _deltas(self, start, width)


def _deltas(rows: Rows, start: int, width: int) -> tuple[Array, Float64]:
    out = scratch("values", (rows.count, width))
    rows.read(range(rows.count), start, out)
    return out, np.zeros(width)


def scratch(use: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> Array:
    """Return an array of this thread, of any content, for one use: fresh memory costs more than the arithmetic."""
    room, kept = math.prod(shape), vars(_kept)
    if use not in kept or kept[use].size < room or kept[use].dtype != dtype:
        kept[use] = np.empty(room, dtype)
    array: Array = kept[use][:room].reshape(shape)
    return array


def _accumulate(rows: Rows, coefficients: Float64, start: int, out: Float64) -> None:
    which = np.flatnonzero(coefficients)
    read = scratch("combination", (len(which), out.size))
    rows.read(which.tolist(), start, read)
    mix(coefficients[None, which], read, out[None])


def mix(mixture: Float64, rows: Float64, out: Float64) -> None:
    """Do what `Rows.accumulate` does, once for each row of ``mixture``, with rows that are in memory."""
    if kernels.pays(mixture.size * out.shape[1]):
        kernels.compiled(loops.mix)(np.ascontiguousarray(mixture), rows, out)
        return
    product = scratch("product", (out.shape[1],))
    for coefficients, sums in zip(mixture, out, strict=True):
        sums.fill(0.0)
        for factor, row in zip(coefficients.tolist(), rows, strict=True):
            if factor:
                sums += np.multiply(row, factor, out=product)


def in_blocks(size: int, work: Callable[[int, int], None], threads: int = 1) -> None:
    """Call ``work(start, stop)`` for each block of ``size`` elements; the calls are independent of each other."""
    starts = range(0, size, BLOCK)
    left = iter(starts)

    def some(_: int) -> None:
        for start in left:
            work(start, min(start + BLOCK, size))

    if threads <= 1 or len(starts) == 1:
        for start in starts:
            work(start, min(start + BLOCK, size))
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(threads)))
