"""The Gaussian mechanism on a device's whole update: clip its norm, add noise, round once.

McMahan, Ramage, Talwar, Zhang, "Learning Differentially Private Recurrent Language Models", ICLR 2018; here each
device does it itself, as nobody else is to see what it had before.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from minerva.errors import TaskError
from minerva.learning.numbers import BLOCK, Array, Float64, narrow, widen
from minerva.learning.weights import Buffer, Weights, parse, serialize

if TYPE_CHECKING:
    from torch import Tensor

KEY_BYTES = 32
_DRAWS = 4
"""Gaussians summed up for each element: the gaps between the floats of a single one tell what was added to it
(Holohan, Braghin, "Secure Random Sampling in Differential Privacy", ESORICS 2021)."""


class Noise:
    """Standard Gaussians that nobody can foretell without the key: ChaCha20's stream through Box and Muller's formula.

    Parameters
    ----------
    key
        32 bytes for one update; None draws them from the operating system.
    """

    def __init__(self, key: bytes | None = None) -> None:
        cipher = ChaCha20(os.urandom(KEY_BYTES) if key is None else key, bytes(16))
        self._stream = Cipher(cipher, mode=None).encryptor()

    def draw(self, count: int) -> Float64:
        """Return the next ``count`` values."""
        pairs = (count + 1) // 2
        stream = self._stream.update(bytes(16 * _DRAWS * pairs))
        bits = np.frombuffer(stream, "<u8").reshape(2, _DRAWS, pairs) >> np.uint64(11)
        radius = np.sqrt(-2 * np.log((bits[0] + 1.0) * 2.0**-53))
        angle = bits[1] * (2 * math.pi * 2.0**-53)
        sums = [(radius * part(angle)).sum(axis=0) for part in (np.cos, np.sin)]
        values: Float64 = np.concatenate(sums)[:count] / math.sqrt(_DRAWS)
        return values


def privatise(
    base: Buffer, local: Mapping[str, Tensor], *, max_norm: float, noise_multiplier: float, noise: Noise
) -> dict[str, Tensor]:
    """Return the global model plus the clipped and noised difference of the local one.

    The difference, over all floating elements, is scaled by min(1, max_norm / its L2 norm); to each element
    N(0, (noise_multiplier · max_norm)²) is added, all in float64, and the sum is rounded once. Tensors that are not
    floating stay the global model's.

    Raises
    ------
    TaskError
        The local model is not finite.
    """
    start, trained = parse(base), parse(serialize(local, {}))
    norm = math.sqrt(sum(float(delta @ delta) for _, _, _, delta in _blocks(start, trained)))
    if not math.isfinite(norm):
        raise TaskError(
            "the local model is not finite",
            value=norm,
            remedy="Training diverged: lower the learning rate, or look at the data.",
        )
    scale = min(1.0, max_norm / norm) if norm else 1.0
    arrays = tuple(array.copy() for array in start.arrays)
    for position, place, wide, delta in _blocks(start, trained):
        values = wide + scale * delta + noise_multiplier * max_norm * noise.draw(delta.size)
        narrow(values, start.specs[position].dtype, arrays[position].reshape(-1)[place])
    return Weights({}, start.specs, arrays).to_torch()


def _blocks(start: Weights, trained: Weights) -> Iterator[tuple[int, slice, Float64, Float64]]:
    """Yield of each block of floating elements its tensor, its place there, the global values and the differences."""
    for position, (spec, array) in enumerate(zip(start.specs, start.arrays, strict=True)):
        flat, other = array.reshape(-1), trained.arrays[position].reshape(-1)
        for begin in range(0, flat.size if spec.floating else 0, BLOCK):
            place = slice(begin, begin + BLOCK)
            yield position, place, *_widened(flat[place], other[place], spec.dtype)


def _widened(values: Array, others: Array, dtype: str) -> tuple[Float64, Float64]:
    wide, local = np.empty(len(values)), np.empty(len(values))
    widen(values, dtype, wide)
    widen(others, dtype, local)
    return wide, local - wide
