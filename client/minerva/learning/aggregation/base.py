"""What every aggregation rule does: take the updates one after the other, then say the global model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from minerva.learning.aggregation.optimisers import State
from minerva.learning.weights import Weights
from minerva.protocol.manifest import TensorSpec


class Aggregator(Protocol):
    """A rule that makes one model of many, in the life cycle of NVIDIA FLARE's aggregators.

    Feed the accepted updates in update order; the result is a function of that list alone, bit for bit,
    whatever the machine or its number of threads.
    """

    def reset(self) -> None:
        """Forget all updates, ready for the next round."""
        ...

    def accept(self, update: Weights, weight: int) -> bool:
        """Take the next update in.

        Parameters
        ----------
        update
            A local model that passed rule 2.
        weight
            Its counted samples, 1 to 2^29 - 1.

        Returns
        -------
        bool
            Whether it was taken in; False, and nothing is changed, when its tensors are not the model's.

        Raises
        ------
        ValueError
            The weight is out of bounds.
        """
        ...

    def state(self, metadata: Mapping[str, str]) -> bytes | None:
        """Return what the rule remembers after these updates, as canonical safetensors; None without memory.

        Raises
        ------
        ValueError
            Nothing was accepted: the parent's state carries over.
        """
        ...

    def aggregate(self, metadata: Mapping[str, str]) -> bytes:
        """Return the global model as canonical safetensors with this metadata; may be called again.

        Raises
        ------
        ValueError
            Nothing was accepted: the caller carries the parent's model over.
        """
        ...


class AggregatorFactory(Protocol):
    """Makes an aggregator for a model of these tensors (in the order of their names)."""

    def __call__(
        self,
        spec: Sequence[TensorSpec],
        *,
        base: Weights | None = None,
        state: State | None = None,
        threads: int = 1,
    ) -> Aggregator:
        """Make one that uses up to ``threads`` threads.

        Parameters
        ----------
        spec
            The genesis model's tensors.
        base
            The round's global model, which every rule but plain FedAvg measures the updates against.
        state
            What the rule remembered after the block before, None or empty before the first.
        threads
            Threads that share the arithmetic; they change nothing in the result.

        Raises
        ------
        ValueError
            The rule needs a base.
        """
        ...
