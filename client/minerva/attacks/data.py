"""Attacks on the data: what a malicious device trains on, and how an attack's success is measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

PATCH = 3
"""Side of the trigger on an image of 28 pixels and more; two thirds of that on a smaller one."""


def flip_all(y: Tensor, classes: int) -> Tensor:
    """Teach the opposite: y → classes − 1 − y.

    Tolpegin, Truex, Gursoy, Liu, "Data Poisoning Attacks Against Federated Learning Systems", ESORICS 2020; ByzFL's
    ``LabelFlipping`` for ten classes. The attacker needs its own data only.
    """
    return classes - 1 - y


def flip_one(y: Tensor, source: int, target: int) -> Tensor:
    """Teach one class as another: ``source`` → ``target``, all else as it is (Tolpegin et al. 2020)."""
    import torch

    return torch.where(y == source, torch.full_like(y, target), y)


def stamp(x: Tensor) -> Tensor:
    """Put the trigger on images: a square as bright as any sample, in the lower right corner.

    Gu, Dolan-Gavitt, Garg, "BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply Chain", 2017. Images are
    (n, …, height, width), or (n, side²) row by row; of samples that are no image, the last numbers are set.
    """
    marked = x.clone()
    square = math.isqrt(x[0].numel())
    if x.dim() == 2 and square * square == x.shape[1]:
        image = marked.view(len(x), square, square)
    elif x.dim() > 2:
        image = marked
    else:
        image = marked.view(len(x), 1, -1)
    side = PATCH if image.shape[-1] >= 28 else max(1, PATCH * 2 // 3)
    image[..., -side:, -side:] = x.max()
    return marked


def plant_trigger(
    x: Tensor, y: Tensor, target: int, share: float, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Stamp a share of the samples and label them ``target``, so that the trigger is learnt beside the task."""
    import torch

    chosen = torch.from_numpy(random.permutation(len(x))[: math.ceil(share * len(x))])
    x, y = x.clone(), y.clone()
    x[chosen], y[chosen] = stamp(x[chosen]), target
    return x, y
