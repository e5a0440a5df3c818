"""Client momentum: what a device sends is an average over its rounds, in which an attack has less noise to hide."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


def momentum(beta: float, delta: Float32, before: Float32) -> Float32:
    """Return m ← β·m + (1 - β)·Δ.

    Karimireddy, He, Jaggi, "Learning from History for Byzantine Robust Optimization", ICML 2021, algorithm 2. A device's first
    momentum is its first delta.

    Parameters
    ----------
    beta
        From 0 to below 1.
    delta, before
        Float32, of one shape: the round's local model minus the global model, and the momentum that it sent last.
    """
    return (beta * before + (1.0 - beta) * delta).astype(np.float32)
