"""Aggregation rules: from a round's accepted updates to the next global model, bit for bit."""

from __future__ import annotations

from minerva.errors import UserError
from minerva.learning.aggregation.base import Aggregator, AggregatorFactory
from minerva.learning.aggregation.composition import Rule, rule
from minerva.learning.aggregation.fedavg import FedAvg
from minerva.learning.aggregation.names import RULES

__all__ = ["AGGREGATORS", "RULES", "Aggregator", "AggregatorFactory", "FedAvg", "Rule", "aggregator", "rule"]

AGGREGATORS: dict[str, AggregatorFactory] = {"fedavg": FedAvg}


def aggregator(name: str) -> AggregatorFactory:
    """Look an aggregation rule up: ``aggregator("fedavg")(spec)``; raises `UserError` for an unknown name."""
    if name not in AGGREGATORS:
        raise UserError(
            "unknown aggregation rule",
            value=ascii(name)[:80],
            remedy=f"Known: {', '.join(sorted(AGGREGATORS))}.",
        )
    return AGGREGATORS[name]
