"""FedAvg, streaming and bit for bit reproducible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from minerva.learning.aggregation import kernels, loops
from minerva.learning.numbers import BLOCK, NUMPY, Array, Float64, narrow, widen
from minerva.learning.weights import Weights, pack
from minerva.protocol.manifest import TensorSpec

MAX_WEIGHT = 2**29 - 1
"""A float32 has 24 significant bits: its product with a weight of 29 bits is exact in float64's 53."""
GROUP = 8
"""Updates that are added to a block of sums while it is in the cache."""


class FedAvg:
    """The mean of local models, weighted by their samples.

    McMahan, Moore, Ramage, Hampson, Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
    Decentralized Data", AISTATS 2017, algorithm 1. Each element is ``(Σ float64(x)·n) / Σ n``, summed from +0
    in the order of the updates and rounded once to the model's dtype. The products are exact, so that it is
    the same with or without fused multiply-add. Integer buffers (counters of batch normalisation) are the
    first accepted update's.

    Memory is one float64 model and the buffers of at most `GROUP` updates, whatever their number: the sums
    are read and written once a group, not once an update. Elements are independent of each other, and each is
    summed in the order of the updates: groups, blocks and threads change nothing in the result.

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
        self._sums: list[Float64] = [np.zeros(tensor.size if tensor.floating else 0) for tensor in self._spec]
        self._blocks = [
            (index, slice(start, start + BLOCK))
            for index, tensor in enumerate(self._spec)
            if tensor.floating
            for start in range(0, tensor.size, BLOCK)
        ]
        self._integers: dict[int, Array] = {}
        self._pending: list[tuple[tuple[Array, ...], float]] = []
        self._total = 0

    def reset(self) -> None:
        """See `Aggregator`."""
        for total in self._sums:
            total.fill(0.0)
        self._integers.clear()
        self._pending.clear()
        self._total = 0

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
        if len(self._pending) == GROUP:
            self._fold()
        return True

    def state(self, metadata: Mapping[str, str]) -> None:
        """See `Aggregator`: it remembers nothing."""

    def aggregate(self, metadata: Mapping[str, str]) -> bytes:
        """See `Aggregator`."""
        if not self._total:
            raise ValueError("no update was accepted: the parent's model carries over")
        self._fold()
        means: list[Array] = [
            np.empty(tensor.size, NUMPY[tensor.dtype]) if tensor.floating else self._integers[index]
            for index, tensor in enumerate(self._spec)
        ]
        divisor = float(self._total)

        def divide(blocks: Sequence[tuple[int, slice]]) -> None:
            scratch = np.empty(BLOCK)
            for index, part in blocks:
                total = self._sums[index][part]
                mean = np.divide(total, divisor, out=scratch[: total.size])
                narrow(mean, self._spec[index].dtype, means[index][part])

        self._share(divide)
        return pack(zip(self._spec, means, strict=True), metadata)

    def _fold(self) -> None:
        weights = np.array([factor for _, factor in self._pending])
        whole = len(self._pending) == GROUP and kernels.pays(GROUP * sum(total.size for total in self._sums))
        fast = {index for index, spec in enumerate(self._spec) if whole and spec.dtype == "F32"}
        fast = {i for i in fast if all(arrays[i].flags.aligned for arrays, _ in self._pending)}

        def add(blocks: Sequence[tuple[int, slice]]) -> None:
            scratch = np.empty(BLOCK)
            for index, part in blocks:
                total = self._sums[index][part]
                if index in fast:
                    kernels.compiled(loops.add_eight)(
                        total, *(arrays[index][part] for arrays, _ in self._pending), weights
                    )
                    continue
                product = scratch[: total.size]
                for arrays, factor in self._pending:
                    widen(arrays[index][part], self._spec[index].dtype, product)
                    product *= factor
                    total += product

        if self._pending:
            self._share(add)
            self._pending.clear()

    def _share(self, work: Callable[[Sequence[tuple[int, slice]]], None]) -> None:
        threads = min(self._threads, len(self._blocks))
        if threads <= 1:
            work(self._blocks)
            return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, [self._blocks[first::threads] for first in range(threads)]))
