"""Inner products of all pairs of rows, and combinations of rows, in one fixed order of float64 additions."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np

from minerva.learning.aggregation import kernels
from minerva.learning.aggregation.rows import BLOCK, Rows, in_blocks, scratch
from minerva.learning.numbers import Float64

CHUNK = 2_048
LANES = 256
"""Inside a chunk, lane l sums the products l, l + 256, l + 512, … in this order: part of the rules (G4)."""

_TOTALS = 1 << 16  # numbers in the sums of blocks that are handed over at once

Gram: TypeAlias = Float64
"""A symmetric matrix: inner products of rows."""


def gram(rows: Rows, threads: int = 1) -> Gram:
    """Return the inner products of all pairs of rows. Cost: n²·d/2 multiplications, one read of the updates.

    A row is cut into blocks of `BLOCK`, these into chunks of `CHUNK`, the last one filled up with zeros. A
    chunk's lanes are summed, then added up as a tree, the second half to the first; chunks are added to their
    block's sum in order, and blocks to the total, each from +0.
    """
    return _sum(rows, range(rows.count), threads)


def squared_norms(rows: Rows, threads: int = 1) -> Float64:
    """Return the diagonal of `gram`, the same numbers, at the cost of n·d."""
    return np.array([_sum(rows, [index], threads)[0, 0] for index in range(rows.count)])


def combination(rows: Rows, coefficients: Float64, divisor: float, threads: int = 1) -> Float64:
    """Return ``(Σ cᵢ·rowᵢ) / divisor``, summed from +0 in the order of the rows; a c of 0 leaves its row out."""
    step, window = np.empty(rows.size), rows.window
    factors = np.ascontiguousarray(coefficients, np.float64)

    def work(start: int, stop: int) -> None:
        if window is not None:
            kernels.fused("window_combination")(
                window.memory, window.places, window.starts, factors, divisor, start, step[start:stop]
            )
            return
        rows.accumulate(coefficients, start, step[start:stop])
        step[start:stop] /= divisor

    in_blocks(rows.size, work, threads)
    return step


def _sum(rows: Rows, which: Sequence[int], threads: int) -> Gram:
    count = len(which)
    window, some = rows.window, max(1, min(16, _TOTALS // count**2))
    part = None if window is None else window.some(which)

    def work(first: int) -> Float64:
        if part is None:
            return np.array([_block(rows, which, start) for start in starts[first : first + some]])
        totals = np.zeros((len(starts[first : first + some]), count, count))
        kernels.fused("window_grams")(part.memory, part.places, part.starts, first, BLOCK, totals)
        return totals

    upper, starts = np.zeros((count, count)), range(0, rows.size, BLOCK)
    tasks = range(0, len(starts), some)
    if threads <= 1:
        for first in tasks:
            _add(upper, work(first))
        return _whole(upper)
    with ThreadPoolExecutor(threads) as pool:
        for wave in range(0, len(tasks), 8 * threads):
            for totals in pool.map(work, tasks[wave : wave + 8 * threads]):
                _add(upper, totals)
    return _whole(upper)


def _add(upper: Gram, totals: Float64) -> None:
    for total in totals:
        upper += total


def _whole(upper: Gram) -> Gram:
    return np.triu(upper) + np.triu(upper, 1).T


def _block(rows: Rows, which: Sequence[int], start: int) -> Gram:
    width = min(BLOCK, rows.size - start)
    values = scratch("gram", (len(which), -(-width // CHUNK) * CHUNK))
    rows.read(which, start, values[:, :width])
    values[:, width:] = 0.0
    if not kernels.pays(rows.count * rows.size):
        return block_gram(values)
    total = np.zeros((len(which), len(which)))
    kernels.fused("block_gram")(values, total)
    return total


def block_gram(values: Float64) -> Gram:
    """Sum one block, whose width is a multiple of `CHUNK`, as `gram` says."""
    count = len(values)
    cut = values.reshape(count, -1, CHUNK // LANES, LANES)
    total = np.zeros((count, count))
    for i in range(count):
        lanes = np.zeros((count - i, cut.shape[1], LANES))
        for k in range(CHUNK // LANES):
            lanes += cut[i, None, :, k] * cut[i:, :, k]
        size = LANES
        while size > 1:
            size //= 2
            lanes[:, :, :size] += lanes[:, :, size : 2 * size]
        for chunk in range(cut.shape[1]):
            total[i, i:] += lanes[:, chunk, 0]
        total[i:, i] = total[i, i:]
    return total
