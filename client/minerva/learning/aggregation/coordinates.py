"""Rules that look at each coordinate on its own: the median and the trimmed mean, exact, by a sorting network."""

from __future__ import annotations

from functools import cache

import numpy as np

from minerva.learning.aggregation import kernels, loops
from minerva.learning.aggregation.rows import Rows, in_blocks
from minerva.learning.numbers import Array, Float64


def median(rows: Rows, threads: int = 1) -> Float64:
    """Take the median of each coordinate: of an even number of rows, the mean of the middle two.

    Yin, Chen, Ramchandran, Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical
    Rates", ICML 2018. Stands any minority, f < n/2. Cost: n·log²n·d/4 comparisons, the same for any values.
    """
    return middle_mean(rows, (rows.count - 1) // 2, threads)


def trimmed_mean(rows: Rows, f: int, threads: int = 1) -> Float64:
    """Take each coordinate's mean without its f least and f most values, added in ascending order.

    Yin, Chen, Ramchandran, Bartlett, ICML 2018 (as `median`). Stands f < n/2. Cost as `median`.
    """
    return middle_mean(rows, f, threads)


def middle_mean(rows: Rows, cut: int, threads: int = 1) -> Float64:
    """Sort each coordinate, drop ``cut`` values at both ends, and average the others in ascending order."""
    count, fast = rows.count, kernels.pays(rows.count * rows.size)
    network, step = comparators(count, cut, count - cut), np.empty(rows.size)

    def work(start: int, stop: int) -> None:
        values, base = rows.values(start, stop - start)
        if fast:
            kernels.compiled(loops.sort_rows)(values, network)
            kernels.compiled(loops.add_middle)(values, cut, base, step[start:stop])
            return
        sort_rows(values, network)
        deltas = (values[cut : count - cut].astype(np.float64) - base) + 0.0
        for row in deltas[1:]:
            deltas[0] += row
        np.divide(deltas[0], count - 2 * cut, out=step[start:stop])

    in_blocks(rows.size, work, threads)
    return step


def sort_rows(values: Array, network: Array) -> None:
    """Sort each column by the network, in place."""
    least = np.empty_like(values[0])
    for i, j in network:
        np.minimum(values[i], values[j], out=least)
        np.maximum(values[i], values[j], out=values[j])
        values[i] = least


@cache
def comparators(count: int, first: int, last: int) -> Array:
    """Return the pairs (i, j), i < j, that put the values of ranks ``first`` to ``last - 1`` in their places.

    Batcher's odd-even merge sort, "Sorting networks and their applications", 1968, as Knuth's algorithm 5.2.2M,
    without the comparators on which none of these places depends.
    """
    pairs = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    p = top if count > 1 else 0
    while p:
        q, r, d = top, 0, p
        while True:
            pairs += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    needed, kept = set(range(first, last)), []
    for i, j in reversed(pairs):
        if i in needed or j in needed:
            needed |= {i, j}
            kept.append((i, j))
    return np.array(kept[::-1], np.int64).reshape(-1, 2)
