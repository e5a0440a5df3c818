"""Server optimisers: the rule's result is a gradient, and the server steps by it with a memory of earlier rounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from minerva.learning.aggregation.names import Part
from minerva.learning.aggregation.rows import in_blocks
from minerva.learning.numbers import Float64

Float32: TypeAlias = npt.NDArray[np.float32]
State: TypeAlias = Mapping[str, Float32]
"""What a rule remembers from one round to the next: vectors by name, empty before the first."""

LARGEST = float(np.finfo(np.float32).max)


def fedavgm(part: Part, change: Float64, momentum: Float64) -> None:
    """Do one block of FedAvgM, in place: m ← β·m + Δ; the step η·m is written over Δ.

    Hsu, Qi, Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
    Classification", 2019. It has the breakdown point of the rule before it. Cost: 3·d.
    """
    momentum *= part["beta"] / 1000.0
    momentum += change
    np.multiply(momentum, part["lr"] / 1000.0, out=change)


def fedadam(part: Part, change: Float64, momentum: Float64, second: Float64) -> None:
    """Do one block of FedAdam: m ← β₁m + (1 - β₁)Δ; v ← β₂v + (1 - β₂)Δ²; the step is η·m/(√v + τ).

    Reddi, Charles, Zaheer, Garrett, Rush, Konečný, Kumar, McMahan, "Adaptive Federated Optimization", ICLR
    2021, algorithm 2, without bias correction as there; v begins at τ². Cost: 10·d.
    """
    square = np.square(change)
    _first_moment(part, change, momentum)
    second *= part["beta2"] / 1000.0
    square *= (1000 - part["beta2"]) / 1000.0
    second += square
    _adaptive(part, change, momentum, second)


def fedyogi(part: Part, change: Float64, momentum: Float64, second: Float64) -> None:
    """Do one block of FedYogi: as `fedadam`, but v ← v - (1 - β₂)·Δ²·sign(v - Δ²).

    Reddi et al., ICLR 2021, algorithm 2. Cost: 10·d.
    """
    square = np.square(change)
    _first_moment(part, change, momentum)
    sign = np.sign(second - square)
    square *= (1000 - part["beta2"]) / 1000.0
    second -= np.multiply(square, sign, out=square)
    _adaptive(part, change, momentum, second)


def optimise(part: Part, change: Float64, state: State, threads: int = 1) -> dict[str, Float32]:
    """Take one step of the optimiser that ``part`` names: overwrites ``change``, returns the next state."""
    kept = STATE[part.name]
    after = {name: np.empty(change.size, np.float32) for name in kept}

    def work(start: int, stop: int) -> None:
        block = change[start:stop]
        moments = {name: _before(part, state, name, start, stop) for name in kept}
        match part.name:
            case "fedavgm":
                fedavgm(part, block, moments["momentum"])
            case "fedadam":
                fedadam(part, block, moments["momentum"], moments["second_moment"])
            case _:
                fedyogi(part, block, moments["momentum"], moments["second_moment"])
        for name in kept:
            after[name][start:stop] = to_float32(moments[name])

    in_blocks(change.size, work, threads)
    return after


STATE: Mapping[str, tuple[str, ...]] = {
    "fedavgm": ("momentum",),
    "fedadam": ("momentum", "second_moment"),
    "fedyogi": ("momentum", "second_moment"),
    "centred_clipping": ("centre",),
}
"""What each part remembers."""


def to_float32(values: Float64) -> Float32:
    """Round to float32, to its largest number what lies beyond, and to +0 what is zero."""
    with np.errstate(under="ignore"):
        return np.clip(values, -LARGEST, LARGEST).astype(np.float32) + np.float32(0.0)


def _before(part: Part, state: State, name: str, start: int, stop: int) -> Float64:
    if name in state:
        return state[name][start:stop].astype(np.float64)
    first = (part["tau"] / 1000.0) ** 2 if name == "second_moment" else 0.0
    return np.full(stop - start, first)


def _first_moment(part: Part, change: Float64, momentum: Float64) -> None:
    momentum *= part["beta1"] / 1000.0
    change *= (1000 - part["beta1"]) / 1000.0
    momentum += change


def _adaptive(part: Part, change: Float64, momentum: Float64, second: Float64) -> None:
    np.sqrt(second, out=change)
    change += part["tau"] / 1000.0
    np.divide(momentum, change, out=change)
    change *= part["lr"] / 1000.0
