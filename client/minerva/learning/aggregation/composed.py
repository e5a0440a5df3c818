"""The aggregator of every rule but plain FedAvg: updates stay where they lie, and are read block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from minerva.learning.aggregation.composition import Rule
from minerva.learning.aggregation.fedavg import MAX_WEIGHT
from minerva.learning.aggregation.memory import pack_state
from minerva.learning.aggregation.optimisers import Float32, State
from minerva.learning.aggregation.rows import in_blocks, scratch
from minerva.learning.aggregation.updates import UpdateRows, Vector
from minerva.learning.numbers import NUMPY, Array, Float64, narrow
from minerva.learning.weights import Weights, pack
from minerva.protocol.manifest import TensorSpec

LARGEST = {"F32": float(np.finfo("f4").max), "F16": 65504.0, "BF16": float.fromhex("0x1.fep127")}
"""The largest number of each dtype: what a step would take beyond it stays there."""


class Composed:
    """Any rule in the life cycle of `Aggregator`: base model + the rule's step, rounded once to the model's dtype.

    Integer buffers are the first accepted update's. The updates are kept by reference: for memory that does
    not grow with their number, their bytes lie in mapped files (`minerva.verification.spool`).

    Parameters
    ----------
    rule
        The rule.
    spec
        The genesis model's tensors, in the order of their names.
    base
        The global model that the updates were trained from.
    state
        The rule's state after the block before; empty for the first.
    threads
        Threads that share the blocks.
    """

    def __init__(
        self, rule: Rule, spec: Sequence[TensorSpec], base: Weights, state: State, *, threads: int = 1
    ) -> None:
        self._rule, self._spec, self._threads = rule, tuple(spec), threads
        if base.specs != self._spec:
            raise ValueError("the base is not a model of these tensors")
        self._model, self._before = base, state
        self.reset()

    def reset(self) -> None:
        """See `Aggregator`."""
        self._updates: list[Weights] = []
        self._weights: list[int] = []
        self._made: tuple[Float64, dict[str, Float32]] | None = None

    def accept(self, update: Weights, weight: int) -> bool:
        """See `Aggregator`."""
        if not 0 < weight <= MAX_WEIGHT:
            raise ValueError(f"a weight of {weight} is not from 1 to {MAX_WEIGHT}")
        if update.specs != self._spec:
            return False
        self._updates.append(update)
        self._weights.append(weight)
        self._made = None
        return True

    def state(self, metadata: Mapping[str, str]) -> bytes | None:
        """See `Aggregator`."""
        _, after = self._make()
        return pack_state(after, metadata) if self._rule.remembers else None

    def aggregate(self, metadata: Mapping[str, str]) -> bytes:
        """See `Aggregator`."""
        step, _ = self._make()
        first = self._updates[0]
        arrays: list[Array] = [
            np.empty(tensor.size, NUMPY[tensor.dtype]) if tensor.floating else first.arrays[index]
            for index, tensor in enumerate(self._spec)
        ]
        base, made = Vector(self._spec, self._model.arrays), Vector(self._spec, arrays)

        def add(start: int, stop: int) -> None:
            moved = scratch("moved", (stop - start,))
            base.read(start, moved)
            moved += step[start:stop]
            for elements, place, dtype in made.cuts(start, stop):
                bound = LARGEST[dtype]
                narrow(np.clip(moved[place], -bound, bound), dtype, elements)

        in_blocks(base.size, add, self._threads)
        return pack(zip(self._spec, arrays, strict=True), metadata)

    def _make(self) -> tuple[Float64, dict[str, Float32]]:
        if not self._updates:
            raise ValueError("no update was accepted: the parent's model carries over")
        if self._made is None:
            rows = UpdateRows(self._model, self._updates)
            self._made = self._rule.step(rows, self._weights, self._before, threads=self._threads)
        return self._made
