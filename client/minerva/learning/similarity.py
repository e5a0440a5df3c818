"""Rule 4, numerically: which update is a copy of an earlier one, and which was not trained at all.

Everything is decided by float64 arithmetic in one fixed order: blocks in the order of the tensors' names,
inside a block a tree of element-wise additions that this module spells out. No BLAS takes part in a decision,
so neither the number of threads nor the processor can change one. The arguments are weights that passed rule
2, hence of equal tensors.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from minerva.learning.numbers import Array, Float64, widen
from minerva.learning.weights import Weights

SUM_BLOCK = 32_768
"""Elements of one partial sum: part of rule 4 (docs/SPECIFICATION.md, V9), no figure to tune."""

Key = TypeVar("Key", bound=Hashable)

_MILLION = 10**6
_LEAST_BUCKETS = 1024
_SLACK = 10  # a sketch rules a copy out only when it sees ten times the squared distance that a copy may have


def delta_cosine(first: Weights, second: Weights, base: Weights) -> float:
    """Cosine of the angle between two updates' deltas to the global model ``base``.

    Returns
    -------
    float
        From -1 to 1 (up to rounding): exactly 1 for equal deltas, 0 when just one delta is zero.
    """
    return _cosine(first, second, base, _squared_norm(first, base), _squared_norm(second, base))


def is_copy(first: Weights, second: Weights, base: Weights, threshold_ppm: int) -> bool:
    """Whether two updates have equal tensors, or deltas of at least this cosine (in millionths)."""
    return delta_cosine(first, second, base) * _MILLION >= threshold_ppm


def is_untrained(update: Weights, base: Weights) -> bool:
    """Whether every floating tensor equals the global model's: no training was done."""
    return all(not delta.any() for delta in _deltas(update, base))


class OriginalityIndex(Generic[Key]):
    """The updates of a round so far, ready to be asked whether a further one copies any of them.

    Comparing each update with all earlier ones in full costs devices² × model. So each delta is kept as a
    count sketch of one to two thousand numbers as well (Charikar, Chen, Farach-Colton, "Finding frequent
    items in data streams", 2002), which preserves angles; only pairs whose sketches are close are compared in
    full, and that comparison alone decides. The number of buckets and the signs are this index's secret: who
    does not know them cannot aim a perturbation at the sketch, and one that is not aimed moves the sketch as
    little as it moves the delta.

    The weights are kept by reference. Use one index in one thread.

    Parameters
    ----------
    base
        The round's global model.
    threshold_ppm
        Cosine of two deltas from which they are copies, in millionths.
    seed
        Of the sketch; None for a secret one. Decisions do not depend on it.
    """

    def __init__(self, base: Weights, threshold_ppm: int, *, seed: int | None = None) -> None:
        self._base, self._threshold = base, threshold_ppm
        size = sum(spec.size for spec in base.specs if spec.floating)
        random = np.random.Generator(np.random.PCG64(secrets.randbits(128) if seed is None else seed))
        self._signs: npt.NDArray[np.int8] = random.integers(0, 2, size, np.int8) * np.int8(2) - np.int8(1)
        self._buckets = int(random.integers(_LEAST_BUCKETS, 2 * _LEAST_BUCKETS))
        self._near = 1.0 - _SLACK * (1.0 - threshold_ppm / _MILLION)
        self._keys: list[Key] = []
        self._kept: list[tuple[Weights, float]] = []
        self._sketches: Float64 = np.empty((16, self._buckets))
        self._last: tuple[Weights, float, Float64] | None = None

    def __len__(self) -> int:
        """Return the number of updates added."""
        return len(self._keys)

    def check(self, update: Weights) -> Key | None:
        """Return the key of the earliest-added update that this one copies, or None."""
        norm, _ = self._measure(update)
        for position in self._candidates(update):
            other, other_norm = self._kept[position]
            if _cosine(update, other, self._base, norm, other_norm) * _MILLION >= self._threshold:
                return self._keys[position]
        return None

    def near(self, update: Weights) -> list[Key]:
        """Return the keys of all updates that the sketches do not rule out, in the order of adding."""
        return [self._keys[position] for position in self._candidates(update)]

    def add(self, key: Key, update: Weights) -> None:
        """Keep an update that was not a copy; later ones are compared with it."""
        norm, sketch = self._measure(update)
        if len(self) == len(self._sketches):
            self._sketches = np.concatenate((self._sketches, np.empty_like(self._sketches)))
        self._sketches[len(self)] = sketch
        self._keys.append(key)
        self._kept.append((update, norm))

    def _candidates(self, update: Weights) -> list[int]:
        _, sketch = self._measure(update)
        return [int(i) for i in np.flatnonzero(self._sketches[: len(self)] @ sketch >= self._near)]

    def _measure(self, update: Weights) -> tuple[float, Float64]:
        """Squared norm and unit sketch of an update's delta; remembered from `check` to `add`."""
        if self._last is None or self._last[0] is not update:
            self._last = (update, _squared_norm(update, self._base), self._sketch(update))
        return self._last[1:]

    def _sketch(self, update: Weights) -> Float64:
        width = self._buckets
        sketch, position = np.zeros(width), 0
        for delta in _deltas(update, self._base):
            padded = np.zeros(-(-delta.size // width) * width)
            np.multiply(delta, self._signs[position : position + delta.size], out=padded[: delta.size])
            sketch += np.roll(padded.reshape(-1, width).sum(axis=0), position % width)
            position += delta.size
        length = math.sqrt(float(sketch @ sketch))
        return sketch / length if length else sketch


def _cosine(first: Weights, second: Weights, base: Weights, first_norm: float, second_norm: float) -> float:
    if first_norm == 0.0 or second_norm == 0.0:
        return 1.0 if first_norm == second_norm else 0.0
    product = 0.0
    for one, other in zip(_deltas(first, base), _deltas(second, base), strict=True):
        product += _tree_sum(one * other)
    return product / math.sqrt(first_norm * second_norm)


def _squared_norm(update: Weights, base: Weights) -> float:
    total = 0.0
    for delta in _deltas(update, base):
        total += _tree_sum(delta * delta)
    return total


def _tree_sum(values: Float64) -> float:
    """Sum a block, overwriting it: the second half is added to the first until one number is left."""
    size = values.size
    while size > 1:
        half = (size + 1) // 2
        values[: size - half] += values[half:size]
        size = half
    return float(values[0])


def _deltas(update: Weights, base: Weights) -> Iterator[Float64]:
    """Blocks of ``update - base`` in float64, floating tensors only, in the order of their names."""
    for spec, mine, theirs in zip(base.specs, update.arrays, base.arrays, strict=True):
        if spec.floating:
            mine, theirs = mine.reshape(-1), theirs.reshape(-1)
            for start in range(0, mine.size, SUM_BLOCK):
                delta = _wide(mine[start : start + SUM_BLOCK], spec.dtype)
                delta -= _wide(theirs[start : start + SUM_BLOCK], spec.dtype)
                yield delta


def _wide(values: Array, dtype: str) -> Float64:
    out = np.empty(values.size)
    widen(values, dtype, out)
    return out
