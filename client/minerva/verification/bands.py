"""Rules 4 and 5 over a round: what its updates' inner products say of each (docs/SPECIFICATION.md, V9 to V12).

Nothing here is set by hand for a task: how near two updates may be, how much of one the others may explain and
how far one may go follow from the round's own updates, by medians, which fewer than half of them cannot move
far. All of it is float64 additions, multiplications, divisions and square roots in a fixed order, so that
every miner decides alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minerva.learning.numbers import Float64
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason

LEAST_UPDATES = 5
"""A round of fewer says nothing of what is usual in it."""
ELEMENTS_EACH = 8
"""A model needs this many elements for each update of a sum: in few dimensions any update is nearly a sum."""

_MILLION = 10**6
_PERMILLE = 1000


def judge_products(products: Float64, elements: int, rules: RuleParameters) -> list[Reason | None]:
    """Judge the trained updates of a round that rules 1 to 3 pass.

    Parameters
    ----------
    products
        Inner products of their deltas, (n, n), in the order of (block, log index).
    elements
        Floating elements of the model.
    rules
        The federation's parameters.

    Returns
    -------
    list
        For each COPY, COMBINATION, OUT_OF_BOUND or None, the first of these that applies.
    """
    cosines = _cosines(products)
    copies, sums = _copies(cosines, rules), _sums(cosines, elements, rules)
    found: list[Reason | None] = [
        Reason.COPY if copy else Reason.COMBINATION if summed else None
        for copy, summed in zip(copies, sums, strict=True)
    ]
    rest = [position for position, reason in enumerate(found) if reason is None]
    norms = [math.sqrt(float(products[position, position])) for position in rest]
    for position, norm in zip(rest, norms, strict=True):
        if norm > bound(norms, rules):
            found[position] = Reason.OUT_OF_BOUND
    return found


def certain_copies(products: Float64, rules: RuleParameters) -> list[Reason | None]:
    """Say COPY of what is one whatever other updates the round has."""
    near = _cosines(products) * _MILLION >= rules.copy_cosine_ppm
    return [Reason.COPY if near[position, :position].any() else None for position in range(len(products))]


def lower_median(values: Sequence[float]) -> float:
    """Return the middle value, the lower one of two."""
    return sorted(values)[(len(values) - 1) // 2]


def bound(norms: Sequence[float], rules: RuleParameters) -> float:
    """Return the largest norm that rule 5 passes among these (V12); infinity for too few of them."""
    if len(norms) < LEAST_UPDATES:
        return math.inf
    middle = lower_median(norms)
    spread = lower_median([abs(norm - middle) for norm in norms])
    least = middle * rules.bound_floor_permille / _PERMILLE
    return middle + max(spread, least) * rules.bound_permille / _PERMILLE


def least_usual(values: Sequence[float], rules: RuleParameters) -> float:
    """Return the value below which one is no longer like the others: their lower median M over s^k (V10).

    s is the lower median of max(x / M, M / x), at least *original_spread_permille*: by which factor the values
    usually lie apart; k is *original_power*. 0 for too few values, and where most of them are 0.
    """
    if len(values) < LEAST_UPDATES:
        return 0.0
    middle = lower_median(values)
    if middle <= 0.0:
        return 0.0
    factors = [max(value / middle, middle / value) if value > 0.0 else math.inf for value in values]
    factor = max(lower_median(factors), rules.original_spread_permille / _PERMILLE)
    for _ in range(rules.original_power):
        middle /= factor
    return middle


def _cosines(products: Float64) -> Float64:
    squares = np.diagonal(products)
    zero = squares == 0.0  # underflow: an update that was not trained is not among these
    scale = np.sqrt(np.where(zero, 1.0, squares)[:, None] * np.where(zero, 1.0, squares)[None, :])
    cosines: Float64 = np.where(zero[:, None] | zero[None, :], 0.0, products / scale)
    cosines[np.ix_(zero, zero)] = 1.0
    return cosines


def _copies(cosines: Float64, rules: RuleParameters) -> list[bool]:
    """V10: an angle to an earlier update as no two devices with data of their own have it."""
    count = len(cosines)
    distances = np.maximum(1.0 - cosines, 0.0)
    apart = distances + np.diag(np.full(count, np.inf))
    least = least_usual([float(row.min()) for row in apart], rules) if count > 1 else 0.0
    near = (cosines * _MILLION >= rules.copy_cosine_ppm) | (distances <= least)
    return [bool(near[position, :position].any()) for position in range(count)]


def _sums(cosines: Float64, elements: int, rules: RuleParameters) -> list[bool]:
    """V11: next to nothing is left of it once the earlier updates' share is taken out."""
    kappa = rules.copy_cosine_ppm / _MILLION
    exact = 1.0 - kappa * kappa
    first = _rests(cosines, elements, exact)[1:]
    least = max(exact, least_usual([rest for rest in first if rest is not None], rules))
    rests = _rests(cosines, elements, least)[1:]  # the first update of a round is the sum of none
    return [False, *(rest is not None and rest <= least for rest in rests)]


def _rests(cosines: Float64, elements: int, least: float) -> list[float | None]:
    """Squared length of what of each update (of length 1) the earlier ones do not span.

    None where the model is too small to tell. An update whose rest is at most ``least`` spans nothing for those after it.
    """
    left = cosines.copy()
    rests: list[float | None] = []
    spanned = 0
    for position in range(len(left)):
        rest = float(left[position, position])
        fits = (spanned + 1) * ELEMENTS_EACH <= elements
        rests.append(rest if fits else None)
        if rest <= least or not fits:
            continue
        spanned += 1
        row = left[position, position + 1 :].copy()
        left[position + 1 :, position + 1 :] -= (row / rest)[:, None] * row[None, :]
    return rests
