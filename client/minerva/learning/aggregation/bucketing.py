"""Bucketing: averages of a few updates each, in an order that nobody chooses."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from minerva.learning.numbers import Float64


def bucketing(norms: Float64, size: int) -> Float64:
    """Make rows that are each the mean of ``size`` rows in a shuffled order (the last one of what is left).

    Karimireddy, He, Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing", ICLR 2022. Of
    n rows with f malicious ones it makes n/s with at most f malicious ones: it stands f < n/(2s) before a rule
    that stands a minority of the buckets, for which the f of what follows is counted in updates (see
    `tolerance.tolerated`). Cost: n·d.

    The order is that of `keys`. All miners derive the same; who submits last, and has seen all other updates,
    can search for an update of its own that comes to lie where it likes, which the bound above allows for.
    """
    order = sorted(range(len(norms)), key=keys(norms).__getitem__)
    buckets = [order[start : start + size] for start in range(0, len(order), size)]
    mixture = np.zeros((len(buckets), len(norms)))
    for row, bucket in enumerate(buckets):
        mixture[row, bucket] = 1.0 / len(bucket)
    return mixture


def keys(norms: Float64) -> Sequence[bytes]:
    """Return SHA-256(seed ‖ nᵢ) for each row, with seed = SHA-256 of all n in ascending order.

    n is a row's squared norm as a little-endian float64. So the order of the updates on the chain plays no
    part, and each update moves every other one.
    """
    seed = hashlib.sha256(np.sort(norms).astype("<f8").tobytes()).digest()
    return [hashlib.sha256(seed + norm.tobytes()).digest() for norm in norms.astype("<f8")]
