"""A round's updates as the rows of a matrix that is never in memory as a whole: it is read block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from minerva.learning.numbers import Array, Float64

BLOCK = 16_384
"""Elements of each row that are read at a time: part of the rules (docs/SPECIFICATION.md, G4), no figure to tune."""


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

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """Write elements ``start`` and on of the rows ``which`` to the rows of ``out``, without negative zeros."""
        ...


class ArrayRows:
    """Rows that lie in memory, float32 or float64."""

    def __init__(self, deltas: Array) -> None:
        self._deltas = deltas
        self.count, self.size = deltas.shape

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        for row, index in enumerate(which):
            np.add(self._deltas[index, start : start + out.shape[1]], 0.0, out=out[row], dtype=np.float64)


class AppendedRow:
    """Rows with one more below them: the centre of last round."""

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


class MixedRows:
    """Linear combinations of rows, each summed in the order of the rows: ``mixture`` has a row for each."""

    def __init__(self, rows: Rows, mixture: Float64) -> None:
        self._rows, self._mixture = rows, mixture
        self.count, self.size = len(mixture), rows.size

    def read(self, which: Sequence[int], start: int, out: Float64) -> None:
        """See `Rows`."""
        inner = np.empty((self._rows.count, out.shape[1]))
        self._rows.read(range(self._rows.count), start, inner)
        for row, index in enumerate(which):
            accumulate(self._mixture[index], inner, out[row])


def accumulate(coefficients: Float64, rows: Float64, out: Float64) -> None:
    """Write ``Σ cᵢ·rowᵢ`` to ``out``, in the order of the rows, leaving out those whose coefficient is 0."""
    out.fill(0.0)
    product = np.empty(out.size)
    for factor, row in zip(coefficients, rows, strict=True):
        if factor != 0.0:
            out += np.multiply(row, factor, out=product)


def in_blocks(size: int, work: Callable[[int, int], None], threads: int = 1) -> None:
    """Call ``work(start, stop)`` for each block of ``size`` elements; the calls are independent of each other."""
    starts = range(0, size, BLOCK)

    def some(first: int) -> None:
        for start in starts[first::threads]:
            work(start, min(start + BLOCK, size))

    if threads <= 1 or len(starts) == 1:
        for start in starts:
            work(start, min(start + BLOCK, size))
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(threads)))
