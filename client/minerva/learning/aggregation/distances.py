"""Rules that need no more than inner products: from the Gram matrix of the rows to coefficients of a combination.

All are functions of a matrix of n × n numbers, computed by single additions, multiplications, divisions and
square roots, each correctly rounded, in a fixed order. Ties go to the earlier row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minerva.learning.aggregation.gram import Gram
from minerva.learning.numbers import Float64


def krum(gram: Gram, f: int) -> Float64:
    """Choose the row whose squared distances to its n - f nearest rows (itself among them) sum to the least.

    Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
    Descent", NeurIPS 2017. Stands n ≥ 2f + 3. Cost: the Gram matrix and n²·log n.
    """
    chosen = np.zeros(len(gram))
    chosen[_ranked(_scores(gram, f))[0]] = 1.0
    return chosen


def multi_krum(gram: Gram, f: int) -> Float64:
    """Sum the n - f rows that `krum` scores best; divide by n - f for their mean.

    Paper, breakdown point and cost as `krum`.
    """
    chosen = np.zeros(len(gram))
    chosen[_ranked(_scores(gram, f))[: len(gram) - f]] = 1.0
    return chosen


def geometric_median(gram: Gram, steps: int, smoothing: float | None = None) -> Float64:
    """Find the point z with the least Σ‖xᵢ - z‖, by smoothed Weiszfeld steps from z = 0: z ← Σ xᵢ/rᵢ / Σ 1/rᵢ.

    Pillutla, Kakade, Harchaoui, "Robust Aggregation for Federated Learning" (RFA), IEEE TSP 2022, with all
    weights equal. rᵢ = max(ν, ‖xᵢ - z‖); ν is a thousandth of the rows' lower median norm unless given. Stands
    f < n/2. Cost: the Gram matrix and n² a step.
    """
    count = len(gram)
    nu = lower_median(np.sqrt(np.diagonal(gram))) / 1000.0 if smoothing is None else smoothing
    point = np.zeros(count)
    if nu == 0.0:  # most rows are zero, and so is the geometric median
        return point
    for _ in range(steps):
        inverse = 1.0 / np.maximum(_distances(gram, point, count), nu)
        point = inverse / total(inverse)
    return point


def centred_clipping(
    gram: Gram, count: int, steps: int, radius: Callable[[Float64], float]
) -> Float64:  # fmt: skip
    """Move the centre v of last round: v ← v + (1/n) Σ (xᵢ - v)·min(1, τ/‖xᵢ - v‖), a few times.

    Karimireddy, He, Jaggi, "Learning from History for Byzantine Robust Optimization", ICML 2021. Stands f <
    n/2, with an error that falls with f/n and τ. Cost: the Gram matrix and n² a step.

    Parameters
    ----------
    gram
        Of the rows, and of the centre as a last one if there is a centre; else v is 0.
    count
        Rows without the centre.
    steps
        How often.
    radius
        τ of the distances ‖xᵢ - v‖.
    """
    point = np.zeros(len(gram))
    point[count:] = 1.0
    for _ in range(steps):
        distances = _distances(gram, point, count)
        shares = clipped(distances, radius(distances)) / count
        point *= 1.0 - total(shares)
        point[:count] += shares
    return point


def nearest_mixing(gram: Gram, f: int) -> Float64:
    """Make each row the mean of the n - f rows nearest to that row, itself among them (NNM).

    Allouah, Farhadkhani, Guerraoui, Gupta, Pinot, Stephan, "Fixing by Mixing: A Recipe for Optimal Byzantine
    ML under Heterogeneity", AISTATS 2023. Stands f < n/2 before a rule that does. Cost: the Gram matrix and
    n·(n - f)·d to mix.
    """
    count = len(gram)
    mixture = np.zeros((count, count))
    for row, distances in enumerate(squared_distances(gram)):
        distances[row] = -1.0
        mixture[row, _ranked(distances)[: count - f]] = 1.0 / (count - f)
    return mixture


def clipping(norms: Float64, permille: int) -> Float64:
    """Clip each row's norm to ``permille`` thousandths of the lower median norm.

    Norm clipping as in Sun, Kairouz, Suresh, McMahan, "Can You Really Backdoor Federated Learning?", 2019, with
    the bound of the round itself, so that it needs no tuning. It bounds what a row can do; alone it stands no
    fixed minority. Cost: n·d.
    """
    return np.diag(clipped(norms, permille * lower_median(norms) / 1000.0))


def clipped(lengths: Float64, bound: float) -> Float64:
    """Return the factors min(1, bound/length); a length of 0 gets 1."""
    factors = np.ones(len(lengths))
    longer = lengths > bound
    factors[longer] = bound / lengths[longer]
    return factors


def squared_distances(gram: Gram) -> Float64:
    """Return ‖xᵢ - xⱼ‖² of all pairs, never negative and 0 for equal rows."""
    norms = np.diagonal(gram)
    return np.maximum((norms[:, None] + norms[None, :]) - 2.0 * gram, 0.0)


def mixed(gram: Gram, mixture: Float64) -> Gram:
    """Return the Gram matrix of the rows that ``mixture`` makes."""
    return product(product(mixture, gram), np.ascontiguousarray(mixture.T))


def product(left: Float64, right: Float64) -> Float64:
    """Multiply two matrices, adding the terms in the order of the inner index, from +0."""
    result = np.zeros((left.shape[0], right.shape[1]))
    for inner in range(left.shape[1]):
        result += left[:, inner, None] * right[inner]
    return result


def total(values: Float64) -> float:
    """Add numbers in their order."""
    result = 0.0
    for value in values.tolist():
        result += value
    return result


def lower_median(values: Float64) -> float:
    """Return the median; of an even number, the lower of the middle two."""
    return float(np.sort(values)[(len(values) - 1) // 2])


def _distances(gram: Gram, point: Float64, count: int) -> Float64:
    """Distances of the first ``count`` rows to the point with these coefficients."""
    against = product(gram, point[:, None])[:, 0]
    square = total(point * against)
    norms = np.diagonal(gram)[:count]
    return np.sqrt(np.maximum((norms - 2.0 * against[:count]) + square, 0.0))


def _scores(gram: Gram, f: int) -> Float64:
    nearest = np.sort(squared_distances(gram), axis=1)[:, : len(gram) - f]
    scores = np.zeros(len(gram))
    for column in nearest.T:
        scores += column
    return scores


def _ranked(scores: Float64) -> list[int]:
    """Row numbers from the least score to the most."""
    values = scores.tolist()
    return sorted(range(len(values)), key=lambda row: (values[row], row))
