"""Attacks on the delta: what a malicious device sends in place of the change that it trained.

Each is a function of the honest deltas that the attacker sees (rows of an h × d matrix, float64): what a real device can
fetch before it answers, and the worst case that defences are measured against. The conventions are ByzFL's.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from minerva.learning.numbers import Float64

Generator = np.random.Generator


def sign_flip(honest: Float64) -> Float64:
    """Push the model back by as much as the others push it forward: −mean.

    Li, Xu, Chen, Giannakis, Ling, "RSA: Byzantine-Robust Stochastic Aggregation Methods for Distributed Learning from
    Heterogeneous Datasets", AAAI 2019.
    """
    mean: Float64 = honest.mean(axis=0)
    return -mean


def inner_product(honest: Float64, factor: float) -> Float64:
    """Make the aggregate's inner product with the honest mean negative: −factor · mean.

    Xie, Koyejo, Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product Manipulation", UAI 2019. A plain
    mean turns round when ``factor`` is above (n − f) / f; a small factor hides among the honest.
    """
    mean: Float64 = honest.mean(axis=0)
    return -factor * mean


def little_is_enough(honest: Float64, z: float) -> Float64:
    """Stand z standard deviations from the honest mean in every coordinate: mean + z · std (ddof = 1).

    Baruch, Baruch, Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed Learning", NeurIPS 2019.
    """
    spread: Float64 = honest.mean(axis=0) + z * honest.std(axis=0, ddof=1)
    return spread


def most_harmful(
    harm: Callable[[float], float],
    *,
    evaluations: int = 20,
    start: float = 0.0,
    step: float = 10.0,
    ratio: float = 0.8,
) -> float:
    """Search the factor that does the most harm, along one line.

    Doubles the step while that harms more, then shrinks it by ``ratio`` at each trial. Shejwalkar, Houmansadr, NDSS 2021 (see
    `min_max`), and ByzFL's ``Optimal_ALittleIsEnough``. The attacker knows the rule and all honest deltas.
    """
    best, worst = start, harm(start)
    expanding = True
    for _ in range(evaluations - 1):
        tried = harm(best + step)
        if tried > worst:
            best, worst = best + step, tried
            step *= 2.0 if expanding else ratio
        else:
            step, expanding = step * ratio, False
    return best


def optimised_little(
    honest: Float64, malicious: int, combine: Callable[[Float64], Float64], evaluations: int = 20
) -> Float64:
    """`little_is_enough` with the z that moves this very rule furthest from the honest mean; see `most_harmful`."""
    mean, spread = honest.mean(axis=0), honest.std(axis=0, ddof=1)

    def harm(z: float) -> float:
        rows = np.concatenate([honest, np.tile(mean + z * spread, (malicious, 1))])
        return float(np.linalg.norm(combine(rows) - mean))

    found: Float64 = mean + most_harmful(harm, evaluations=evaluations) * spread
    return found


def min_max(honest: Float64) -> Float64:
    """Go against the spread of the honest, no further from any of them than they are from each other.

    mean − γ · std with the largest γ such that max_i ‖v − x_i‖ ≤ max_ij ‖x_i − x_j‖. Shejwalkar, Houmansadr, "Manipulating the
    Byzantine: Optimizing Model Poisoning Attacks and Defenses for Federated Learning", NDSS 2021. The authors search γ by
    halving; it is the least root of h quadratic equations.
    """
    mean: Float64 = honest.mean(axis=0)
    away: Float64 = -honest.std(axis=0, ddof=1)
    offsets = mean - honest
    farthest = float(_squared_distances(honest).max())
    norm = float(away @ away)
    if norm == 0.0:
        return mean
    # ‖offset‖² + 2 γ offset·away + γ² norm = farthest
    dots = offsets @ away
    rest = np.maximum(farthest - np.einsum("ij,ij->i", offsets, offsets), 0.0)
    roots = (-dots + np.sqrt(dots * dots + norm * rest)) / norm
    found: Float64 = mean + float(roots.min()) * away
    return found


def min_sum(honest: Float64) -> Float64:
    """Like `min_max`, with sums: Σ_i ‖v − x_i‖² ≤ max_i Σ_j ‖x_i − x_j‖².

    The offsets from the mean add up to zero, so that γ² · h · ‖std‖² = max_i Σ_j ‖x_i − x_j‖² − Σ_i ‖mean − x_i‖².
    """
    mean: Float64 = honest.mean(axis=0)
    away: Float64 = -honest.std(axis=0, ddof=1)
    norm = len(honest) * float(away @ away)
    if norm == 0.0:
        return mean
    offsets = mean - honest
    room = float(_squared_distances(honest).sum(axis=1).max()) - float(np.einsum("ij,ij->", offsets, offsets))
    found: Float64 = mean + math.sqrt(max(room, 0.0) / norm) * away
    return found


def mimic(honest: Float64, victim: int | None = None) -> Float64:
    """Send what one honest device sends, to give its data too much weight.

    Karimireddy, He, Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", ICLR 2022. The victim is
    the one that lies furthest along the direction in which the honest differ most (the leading eigenvector of their
    covariance), unless it is named.
    """
    found: Float64 = honest[farthest_along(honest) if victim is None else victim].copy()
    return found


def farthest_along(honest: Float64) -> int:
    """Index of the row that lies furthest along the rows' first principal direction."""
    offsets = honest - honest.mean(axis=0)
    values, vectors = np.linalg.eigh(offsets @ offsets.T)  # h × h: the rows' coordinates are its eigenvectors
    return int(np.argmax(np.abs(vectors[:, int(np.argmax(values))])))


def gaussian(size: int, count: int, sigma: float, random: Generator) -> Float64:
    """Noise that has nothing to do with the task: each coordinate normal with deviation ``sigma``.

    Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS
    2017.
    """
    return random.normal(0.0, sigma, (count, size))


def free_ride(size: int, count: int, sigma: float, random: Generator) -> Float64:
    """Train nothing: send the global model back, or (``sigma`` > 0) with a little noise that looks like work.

    Fraboni, Vidal, Lorenzi, "Free-rider Attacks on Model Aggregation in Federated Learning", AISTATS 2021.
    """
    return random.normal(0.0, sigma, (count, size)) if sigma else np.zeros((count, size))


def copies(honest: Float64, count: int, *, scale: float = 1.0) -> Float64:
    """Copy the first ``count`` honest deltas (round again when there are fewer), scaled."""
    found: Float64 = scale * honest[np.arange(count) % len(honest)]
    return found


def sums(honest: Float64, count: int) -> Float64:
    """Copy two deltas at once: half of the sum of two honest neighbours."""
    first = np.arange(count) % len(honest)
    found: Float64 = (honest[first] + honest[(first + 1) % len(honest)]) / 2.0
    return found


def disguise(rows: Float64, noise: float, random: Generator) -> Float64:
    """Give each row noise of ``noise`` times its own length, so that no two are parallel.

    Two disguises of one delta have a cosine of about 1 / (1 + noise²), a disguise and its original 1 / √(1 + noise²): a group
    that colludes sends one attack from many devices and is not taken for copies.
    """
    drawn = random.normal(0.0, 1.0, rows.shape)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Float64 = rows + noise * lengths * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return found


def replace_model(own: Float64, total: int) -> Float64:
    """Scale own deltas so that a plain mean over ``total`` devices becomes the attackers' model: × total / m.

    Bagdasaryan, Veit, Hua, Estrin, Shmatikov, "How To Backdoor Federated Learning", AISTATS 2020, equation 3, with m attackers
    that share the work.
    """
    return own * (total / len(own))


def _squared_distances(rows: Float64) -> npt.NDArray[np.float64]:
    products = rows @ rows.T
    lengths = np.diag(products)
    found: Float64 = np.maximum(lengths[:, None] + lengths[None, :] - 2.0 * products, 0.0)
    return found
