"""Rules 4 and 5, numerically: inner products of updates' deltas, and which update was not trained at all.

Everything is float64 arithmetic in one fixed order: blocks in the order of the tensors' names, inside a block
a tree of element-wise additions that this module spells out. No BLAS takes part in a decision, so neither the
number of threads nor the processor can change one. The arguments are weights that passed rule 2, hence of
equal tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from minerva.learning.numbers import Array, Float64, widen
from minerva.learning.weights import Weights

SUM_BLOCK = 32_768
"""Elements of one partial sum: part of rule 4 (docs/SPECIFICATION.md, V9), no figure to tune."""

_ROWS_BYTES = 4 << 20  # of the deltas that are worked on at once: about a core's share of the cache


def inner_products(update: Weights, others: Sequence[Weights], base: Weights) -> list[float]:
    """Inner products of an update's delta to the global model ``base`` with those of others.

    Parameters
    ----------
    update, others
        Local models; ``others`` may hold ``update`` itself, which gives its squared norm.
    base
        The round's global model.

    Returns
    -------
    list of float
        One for each of ``others``; it depends on the two updates alone, and is the same either way round.
    """
    totals = [0.0] * len(others)
    for index, part in _blocks(base):
        own = _delta(update, base, index, part)
        rows = max(1, _ROWS_BYTES // (8 * own.size))
        for first in range(0, len(others), rows):
            some = others[first : first + rows]
            values = np.stack([_delta(other, base, index, part) for other in some])
            values *= own
            for row, value in enumerate(_tree_sums(values), first):
                totals[row] += value
    return totals


def is_untrained(update: Weights, base: Weights) -> bool:
    """Whether every floating tensor equals the global model's: no training was done."""
    return all(not _delta(update, base, index, part).any() for index, part in _blocks(base))


def elements(base: Weights) -> int:
    """Return how many floating elements the model has."""
    return sum(spec.size for spec in base.specs if spec.floating)


def _tree_sums(rows: Float64) -> list[float]:
    """Sum each row, overwriting it: the second half is added to the first until one number is left."""
    size = rows.shape[1]
    while size > 1:
        half = (size + 1) // 2
        rows[:, : size - half] += rows[:, half:size]
        size = half
    return [float(value) for value in rows[:, 0]]


def _blocks(base: Weights) -> Iterator[tuple[int, slice]]:
    """Blocks of the floating tensors, in the order of their names: the tensor's index, and which elements."""
    for index, spec in enumerate(base.specs):
        if spec.floating:
            for start in range(0, spec.size, SUM_BLOCK):
                yield index, slice(start, min(start + SUM_BLOCK, spec.size))


def _delta(update: Weights, base: Weights, index: int, part: slice) -> Float64:
    """One block of ``update - base`` in float64."""
    dtype = base.specs[index].dtype
    delta = _wide(update.arrays[index].reshape(-1)[part], dtype)
    delta -= _wide(base.arrays[index].reshape(-1)[part], dtype)
    return delta


def _wide(values: Array, dtype: str) -> Float64:
    out = np.empty(values.size)
    widen(values, dtype, out)
    return out
