"""A whole rule: from a round's deltas and the state before to the step of the global model and the state after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minerva.learning.aggregation.bucketing import bucketing
from minerva.learning.aggregation.coordinates import median, trimmed_mean
from minerva.learning.aggregation.distances import (
    centred_clipping,
    clipping,
    geometric_median,
    krum,
    lower_median,
    mixed,
    multi_krum,
    nearest_mixing,
    product,
    total,
)  # fmt: skip
from minerva.learning.aggregation.gram import Gram, combination, gram, squared_norms
from minerva.learning.aggregation.names import RULES, Part, Place, canonical, parse
from minerva.learning.aggregation.optimisers import STATE, Float32, State, optimise, to_float32
from minerva.learning.aggregation.rows import AppendedRow, ArrayRows, MixedRows, Rows
from minerva.learning.aggregation.tolerance import check, check_buckets, tolerated
from minerva.learning.numbers import Array, Float64

_COORDINATES = ("median", "trimmed_mean")
_NORMS_ONLY = ("bucketing", "clip")
_REACH = 2.0**130
"""Beyond any difference of two float32 (or bfloat16) numbers."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An aggregation rule as its name says; made by `rule`."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The canonical name."""
        return canonical(self.parts)

    @property
    def client_momentum(self) -> float:
        """β of what devices send, m ← β·m + (1 - β)·Δ; 0 where they send their deltas."""
        return next((part["beta"] / 1000.0 for part in self.parts if part.name == "client_momentum"), 0.0)

    @property
    def mixers(self) -> tuple[Part, ...]:
        """What prepares the updates, in order."""
        return tuple(part for part in self.parts if RULES[part.name].place is Place.MIXER)

    @property
    def core(self) -> Part:
        """What makes one of many."""
        return next(part for part in self.parts if RULES[part.name].place is Place.RULE)

    @property
    def optimiser(self) -> Part | None:
        """What steps by it, if anything."""
        return next((part for part in self.parts if RULES[part.name].place is Place.OPTIMISER), None)

    @property
    def remembers(self) -> tuple[str, ...]:
        """Names of the vectors of its state, sorted; empty for a rule without memory."""
        return tuple(sorted(name for part in self.parts for name in STATE.get(part.name, ())))

    def check(self, n: int) -> None:
        """Raise `UserError`, with the inequality that is broken, when ``n`` updates can never be enough."""
        count, what = n, "updates"
        for part in self.parts:
            check(part, count, what)
            if part.name == "bucketing":
                count, what = check_buckets(part, count, what), f"buckets of {n} updates"

    def combine(
        self, deltas: Array, weights: Sequence[int], state: State, *, threads: int = 1
    ) -> tuple[Float64, dict[str, Float32]]:
        """Make one step of many deltas: a pure function, bit for bit the same on any machine.

        A row that holds NaN, infinity or a number that no difference of two float32 reaches is left out. With
        fewer rows than a part's f needs, f is lowered (`tolerance.tolerated`); without any row the step is zero
        and the state stays.

        Parameters
        ----------
        deltas
            Shape (n, d), float32 or float64; a row is a local model minus the round's global model.
        weights
            Counted samples of each row, from 1; only ``fedavg`` looks at them.
        state
            As the round before returned it, empty before the first.
        threads
            Threads that share the arithmetic.

        Returns
        -------
        tuple
            The step to add to the global model (float64, length d), and the next state.

        Raises
        ------
        ValueError
            The arguments do not fit each other or the rule.
        """
        if deltas.ndim != 2 or deltas.dtype not in (np.float32, np.float64):
            raise ValueError(f"deltas are a matrix of float32 or float64, not {deltas.dtype} {deltas.shape}")
        if len(weights) != len(deltas) or any(weight < 1 for weight in weights):
            raise ValueError(f"{len(weights)} weights for {len(deltas)} rows, or one below 1")
        usable = [i for i, row in enumerate(deltas) if _is_usable(row)]
        rows = ArrayRows(deltas if len(usable) == len(deltas) else deltas[usable])
        return self.step(rows, [weights[i] for i in usable], state, threads=threads)

    def step(
        self, rows: Rows, weights: Sequence[int], state: State, *, threads: int = 1
    ) -> tuple[Float64, dict[str, Float32]]:
        """Do what `combine` does, of rows that are read block by block and are all usable."""
        self._check_state(state, rows.size)
        if rows.count == 0:
            return np.zeros(rows.size), dict(state)
        change = self._change(rows, weights, state, threads)
        after: dict[str, Float32] = {}
        if self.core.name == "centred_clipping":
            after["centre"] = to_float32(change)
        if self.optimiser is not None:
            after |= optimise(self.optimiser, change, state, threads)
        return change, after

    def _change(self, rows: Rows, weights: Sequence[int], state: State, threads: int) -> Float64:
        core, count, factors = self.core, rows.count, np.array(weights, np.float64)
        updates = count
        if "centre" in state:
            rows = AppendedRow(rows, state["centre"])
        products = self._products(rows, threads)
        mixture: Float64 | None = None
        for part in self.mixers:
            assert products is not None
            further = _mixture(part, products[:count, :count], updates)
            if part.name == "bucketing":
                factors = product((further > 0).astype(np.float64), factors[:, None])[:, 0]
            count = len(further)
            further = _with_centre(further, len(products) - further.shape[1])
            mixture = further if mixture is None else product(further, mixture)
            products = mixed(products, further)
        if core.name in _COORDINATES:
            seen = rows if mixture is None else MixedRows(rows, mixture)
            if core.name == "median":
                return median(seen, threads)
            return trimmed_mean(seen, tolerated(core, count, updates), threads)
        coefficients, divisor = _coefficients(core, products, count, updates, factors)
        if mixture is not None:
            coefficients = product(coefficients[None, :], mixture)[0]
        return combination(rows, coefficients, divisor, threads)

    def _products(self, rows: Rows, threads: int) -> Gram | None:
        """Inner products of the rows, as far as the parts look at them."""
        if not self.mixers and self.core.name in (*_COORDINATES, "fedavg"):
            return None
        if len(self.mixers) == 1 and self.mixers[0].name in _NORMS_ONLY:
            if self.core.name in (*_COORDINATES, "fedavg"):
                return np.diag(squared_norms(rows, threads))
        return gram(rows, threads)

    def _check_state(self, state: State, size: int) -> None:
        if state and tuple(sorted(state)) != self.remembers:
            raise ValueError(f"the state of {self.text} is {self.remembers}, not {sorted(state)}")
        for name, vector in state.items():
            if vector.shape != (size,) or vector.dtype != np.float32 or not np.isfinite(vector).all():
                raise ValueError(f"{name} is not a vector of {size} finite float32 numbers")


def rule(text: str) -> Rule:
    """Read a rule's name; raises `UserError` with the known names or a parameter's bounds."""
    return Rule(parse(text))


def _is_usable(row: Array) -> bool:
    return bool(np.isfinite(row).all()) and (row.dtype == np.float32 or bool((np.abs(row) <= _REACH).all()))


def _mixture(part: Part, products: Gram, updates: int) -> Float64:
    match part.name:
        case "nnm":
            return nearest_mixing(products, tolerated(part, len(products), updates))
        case "bucketing":
            return bucketing(np.diagonal(products), part["s"])
        case _:
            return clipping(np.sqrt(np.diagonal(products)), part["permille"])


def _with_centre(mixture: Float64, centres: int) -> Float64:
    """Leave the centre, the row below the mixed ones, as it is."""
    if not centres:
        return mixture
    rows, columns = mixture.shape
    whole = np.zeros((rows + 1, columns + 1))
    whole[:rows, :columns] = mixture
    whole[rows, columns] = 1.0
    return whole


def _coefficients(
    core: Part, products: Gram | None, count: int, updates: int, factors: Float64
) -> tuple[Float64, float]:
    """Return the coefficients of the rows that a rule combines, and what to divide their sum by."""
    if core.name == "fedavg":
        return factors, total(factors)
    assert products is not None
    match core.name:
        case "krum":
            return krum(products, tolerated(core, count, updates)), 1.0
        case "multi_krum":
            f = tolerated(core, count, updates)
            return multi_krum(products, f), float(count - f)
        case "geometric_median":
            return geometric_median(products, core["steps"]), 1.0
        case _:
            share = core["permille"]
            return centred_clipping(
                products, count, core["steps"], lambda distances: share * lower_median(distances) / 1000.0
            ), 1.0  # fmt: skip
