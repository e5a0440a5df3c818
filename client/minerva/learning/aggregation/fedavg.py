"""FedAvg, streaming and bit for bit reproducible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from minerva.learning.aggregation import kernels
from minerva.learning.aggregation.rows import scratch
from minerva.learning.aggregation.window import is_mapped, locate
from minerva.learning.numbers import BLOCK, NUMPY, Array, Float64, narrow, widen
from minerva.learning.weights import Weights, pack
from minerva.protocol.manifest import TensorSpec

MAX_WEIGHT = 2**29 - 1
"""A float32 has 24 significant bits: its product with a weight of 29 bits is exact in float64's 53."""
GROUP = 8
"""Updates in memory that are added to a block of sums while it is in the cache."""
MAPPED = 128
"""As many of those that lie in mapped files."""


class FedAvg:
    """The mean of local models, weighted by their samples.

    McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
    Decentralized Data", AISTATS 2017, algorithm 1. Each element is ``(Σ float64(x)·n) / Σ n``, summed from +0
    in the order of the updates and rounded once to the model's dtype. The products are exact, so that it is
    the same with or without fused multiply-add. Integer buffers (counters of batch normalisation) are the
    first accepted update's.

    Elements are independent of each other, and each is summed in the order of the updates: groups, blocks and
    threads change nothing in the result. Memory is one float64 model and the buffers of at most `GROUP`
    updates, whatever their number; of updates that lie in mapped files, which cost none, up to `MAPPED` are
    added in one pass over the sums.

    Parameters
    ----------
    spec
        The genesis model's tensors, in the order of their names.
    threads
        Threads that share the blocks.
    """

    def __init__(self, spec: Sequence[TensorSpec], *, threads: int = 1) -> None:
        self._spec = tuple(spec)
        self._threads = threads
        self._sums: list[Float64] | None = None
        self._blocks = [
            (index, slice(start, min(start + BLOCK, tensor.size)))
            for index, tensor in enumerate(self._spec)
            if tensor.floating
            for start in range(0, tensor.size, BLOCK)
        ]
        self._integers: dict[int, Array] = {}
        self._pending: list[tuple[tuple[Array, ...], float]] = []
        self._in_memory = 0
        self._total = 0

    def reset(self) -> None:
        """See `Aggregator`."""
        self._sums = None
        self._integers.clear()
        self._pending.clear()
        self._in_memory = self._total = 0

    def accept(self, update: Weights, weight: int) -> bool:
        """See `Aggregator`."""
        if not 0 < weight <= MAX_WEIGHT:
            raise ValueError(f"a weight of {weight} is not from 1 to {MAX_WEIGHT}")
        if update.specs != self._spec:
            return False
        if not self._total:
            self._integers = {i: update.arrays[i].copy() for i, t in enumerate(self._spec) if not t.floating}
        self._pending.append((tuple(array.reshape(-1) for array in update.arrays), float(weight)))
        self._total += weight
        self._in_memory += not is_mapped(update)
        if self._in_memory == GROUP or len(self._pending) == MAPPED:
            self._fold()
        return True

    def state(self, metadata: Mapping[str, str]) -> None:
        """See `Aggregator`: it remembers nothing."""

    def aggregate(self, metadata: Mapping[str, str]) -> bytes:
        """See `Aggregator`."""
        if not self._total:
            raise ValueError("no update was accepted: the parent's model carries over")
        means: list[Array] = [
            np.empty(tensor.size, NUMPY[tensor.dtype]) if tensor.floating else self._integers[index]
            for index, tensor in enumerate(self._spec)
        ]
        divisor, add = float(self._total), self._adder()

        def divide(blocks: Iterable[tuple[int, slice]]) -> None:
            room = np.empty(BLOCK)
            for index, part in blocks:
                mean = room[: part.stop - part.start]
                mean[:] = 0.0 if self._sums is None else self._sums[index][part]
                add(index, part, mean)
                mean /= divisor
                narrow(mean, self._spec[index].dtype, means[index][part])

        self._share(divide)
        return pack(zip(self._spec, means, strict=True), metadata)

    def _fold(self) -> None:
        """Add what is pending to the sums."""
        if self._sums is None:
            self._sums = [np.zeros(tensor.size if tensor.floating else 0) for tensor in self._spec]
        sums, add = self._sums, self._adder()

        def work(blocks: Iterable[tuple[int, slice]]) -> None:
            for index, part in blocks:
                add(index, part, sums[index][part])

        self._share(work)
        self._pending.clear()
        self._in_memory = 0

    def _adder(self) -> Callable[[int, slice, Float64], None]:
        """Return what adds a block of the pending updates to its sums."""
        arrays, weights = [arrays for arrays, _ in self._pending], np.array([w for _, w in self._pending])
        single = [i for i, spec in enumerate(self._spec) if spec.dtype == "F32" and spec.size]
        fast = kernels.pays(len(arrays) * sum(self._spec[i].size for i in single))
        found = locate([[row[i] for i in single] for row in arrays]) if fast else None
        column = {index: number for number, index in enumerate(single)} if found else {}

        def add(index: int, part: slice, sums: Float64) -> None:
            if found and index in column:
                places = found[1][:, column[index]] + part.start
                kernels.fused("window_sum")(found[0], places, weights, sums)
                return
            product = scratch("product", (sums.size,))
            for row, factor in zip(arrays, weights.tolist(), strict=True):
                widen(row[index][part], self._spec[index].dtype, product)
                product *= factor
                sums += product

        return add

    def _share(self, work: Callable[[Iterable[tuple[int, slice]]], None]) -> None:
        threads, left = min(self._threads, len(self._blocks)), iter(self._blocks)
        if threads <= 1:
            work(left)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, [left] * threads))
