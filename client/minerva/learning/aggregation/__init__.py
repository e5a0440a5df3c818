"""Aggregation rules: from a round's accepted updates to the next global model, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence

from minerva.learning.aggregation.base import Aggregator, AggregatorFactory
from minerva.learning.aggregation.composed import Composed
from minerva.learning.aggregation.composition import Rule, rule
from minerva.learning.aggregation.fedavg import FedAvg
from minerva.learning.aggregation.names import RULES
from minerva.learning.aggregation.optimisers import State
from minerva.learning.weights import Weights
from minerva.protocol.manifest import TensorSpec

__all__ = ["RULES", "Aggregator", "AggregatorFactory", "Composed", "FedAvg", "Rule", "aggregator", "rule"]


def aggregator(text: str) -> AggregatorFactory:
    """Look an aggregation rule up: ``aggregator("median")(spec, base=…)``; raises as `rule`."""
    named = rule(text)

    def make(
        spec: Sequence[TensorSpec],
        *,
        base: Weights | None = None,
        state: State | None = None,
        threads: int = 1,
    ) -> Aggregator:
        if named.text == "fedavg":
            return FedAvg(spec, threads=threads)
        if base is None:
            raise ValueError(f"{named.text} needs the global model that the updates were trained from")
        return Composed(named, spec, base, state or {}, threads=threads)

    return make
