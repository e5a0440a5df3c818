"""The inner loops of aggregation, for `kernels.compiled`; each has a twin of numpy calls that gives the same bytes."""

from __future__ import annotations

from typing import Any


def mix(mixture: Any, rows: Any, out: Any) -> None:
    """Write a combination of rows to each row of ``out``; see `rows.mix`."""
    for start in range(0, out.shape[1], 512):
        stop = min(start + 512, out.shape[1])
        for i in range(out.shape[0]):
            sums = out[i, start:stop]
            for k in range(stop - start):
                sums[k] = 0.0
            for j in range(rows.shape[0]):
                factor, row = mixture[i, j], rows[j, start:stop]
                if factor != 0.0:
                    for k in range(stop - start):
                        sums[k] += row[k] * factor


def add_difference(sums: Any, row: Any, base: Any, weight: Any) -> None:
    """Add a weighted row - base to a block of sums."""
    for i in range(sums.size):
        sums[i] += ((float(row[i]) - base[i]) + 0.0) * weight


def subtract(row: Any, base: Any, out: Any) -> None:
    """Write row - base, in float64 and without negative zeros."""
    for i in range(out.size):
        out[i] = (float(row[i]) - base[i]) + 0.0


def sort_rows(values: Any, network: Any) -> None:
    """Sort each column by a network of comparators; see `coordinates.sort_rows`."""
    for start in range(0, values.shape[1], 1024):
        stop = min(start + 1024, values.shape[1])
        for c in range(network.shape[0]):
            low, high = values[network[c, 0], start:stop], values[network[c, 1], start:stop]
            for k in range(stop - start):
                x, y = low[k], high[k]
                low[k] = x if x < y else y
                high[k] = y if x < y else x


def add_middle(values: Any, cut: int, base: Any, out: Any) -> None:
    """Write the mean of the rows but the first and last ``cut``, each less ``base``, added in their order."""
    count = values.shape[0] - 2 * cut
    for k in range(out.size):
        out[k] = (float(values[cut, k]) - base[k]) + 0.0
    for i in range(cut + 1, cut + count):
        row = values[i]
        for k in range(out.size):
            out[k] += (float(row[k]) - base[k]) + 0.0
    for k in range(out.size):
        out[k] /= float(count)
