"""Prometheus metrics, read from ledger and status when asked for, so that rounds pay nothing for them."""

from __future__ import annotations

from collections.abc import Iterator

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from minerva.miner.view import MinerView
from minerva.protocol.reasons import Reason


class _MinerCollector(Collector):
    def __init__(self, view: MinerView) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        """Read everything anew."""
        status = self._view.status
        yield GaugeMetricFamily("minerva_round", "Last opened round", status.round)
        yield GaugeMetricFamily("minerva_height", "Finalised blocks", status.height)
        yield GaugeMetricFamily(
            "minerva_devices_expected", "Devices that count in the round", status.participants.expected
        )
        yield GaugeMetricFamily(
            "minerva_devices_missing", "Devices that have not submitted", len(status.participants.missing)
        )
        yield GaugeMetricFamily(
            "minerva_event_clients", "Open event streams", self._view.broadcaster.listeners
        )
        checks = GaugeMetricFamily(
            "minerva_health", "1 for each check of /health that passes", labels=["check"]
        )
        for check in self._view.checks():
            checks.add_metric([check.name], check.ok)
        yield checks
        canaries = GaugeMetricFamily(
            "minerva_canaries", "Devices asked to train again, by outcome", labels=["outcome"]
        )
        for outcome, count in self._view.canaries.counts().items():
            canaries.add_metric([outcome], count)
        yield canaries
        yield from self._from_ledger()

    def _from_ledger(self) -> Iterator[Metric]:
        rows = self._view.ledger.rows
        verdicts = CounterMetricFamily("minerva_verdicts", "This miner's verdicts", labels=["verdict"])
        for row in rows("SELECT verdict, COUNT(*) n FROM updates WHERE verdict IS NOT NULL GROUP BY reason"):
            accepted = row["verdict"] >= 64
            known = row["verdict"] in Reason._value2member_map_
            verdicts.add_metric(
                ["ACCEPTED" if accepted else Reason(row["verdict"]).name if known else "OTHER"], row["n"]
            )
        yield verdicts
        blocks = CounterMetricFamily(
            "minerva_blocks", "Blocks by whether this miner proposed them", labels=["own"]
        )
        for row in rows("SELECT own, COUNT(*) n FROM blocks GROUP BY own"):
            blocks.add_metric(["true" if row["own"] else "false"], row["n"])
        yield blocks
        gas = CounterMetricFamily("minerva_gas", "Gas paid", labels=["action"])
        sent = CounterMetricFamily("minerva_transactions", "Transactions mined", labels=["action"])
        refused = CounterMetricFamily(
            "minerva_transactions_refused", "Transactions refused or lost", labels=["action"]
        )
        for row in rows(
            "SELECT kind, TOTAL(gas) gas, COUNT(gas) n, COUNT(*) - COUNT(gas) bad FROM actions GROUP BY kind"
        ):
            gas.add_metric([row["kind"]], row["gas"])
            sent.add_metric([row["kind"]], row["n"])
            refused.add_metric([row["kind"]], row["bad"])
        yield from (gas, sent, refused)
        timings = SummaryMetricFamily(
            "minerva_part_seconds", "Seconds that the parts of rounds took", labels=["part"]
        )
        for row in rows("SELECT name, COUNT(*) n, TOTAL(ms) ms FROM timings GROUP BY name"):
            timings.add_metric([row["name"]], row["n"], row["ms"] / 1000)
        yield timings


def blueprint(view: MinerView) -> APIBlueprint:
    """Make the blueprint with a registry of its own, so that several miners fit in one process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_MinerCollector(view))
    made = APIBlueprint("metrics", __name__, tag="state")

    @made.get("/metrics")
    @made.doc(
        summary="Prometheus metrics",
        responses={200: "metrics"},
    )
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return made
