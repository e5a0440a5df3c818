"""What the gas figures are, what they may be, and the committed ones (benchmarks/gas.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).with_name("gas.json")
RENEW = "tools/run python benchmarks/gas.py --renew"
GROWTH = 0.02
"""By how much a figure may be above the snapshot's."""
BASELINE = 21_000
"""What every transaction costs before it does anything."""
LIMIT = 2**24
"""The most that EIP-7825 lets one transaction use."""

WHAT = {
    "submitUpdate": "a device's update, steady state",
    "submitUpdateFirst": "the first update of a pool, in a federation's first round",
    "vote": "a ballot over 256 updates, steady state",
    "propose": "a candidate block, steady state",
    "attest": "an approval that does not decide, steady state",
    "claim": "a device's first claim, of one round",
    "claim20": "a device's first claim, of twenty rounds",
    "tick": "closes Training, steady state",
    "registerDevice": "a device joins a miner",
    "registerMiner": "the first miner joins",
    "createFederation": "a federation with stake and rewards",
}
"""The figures by name: proof of work, stake and rewards, 256 updates a round, 4 miners."""

TARGETS = {
    "submitUpdate": 55_000, "submitUpdateFirst": 75_000, "vote": 80_000, "voteClosingTraining": 160_000,
    "voteClosing": 160_000, "propose": 150_000, "attest": 80_000, "attestClosing": 160_000, "claim": 90_000,
    "claim20": 90_000, "createFederation": 1_500_000,
}  # fmt: skip


def flat(figures: Mapping[str, Any], prefix: str = "") -> dict[str, int]:
    """Return all figures by their dotted names, e.g. `modules.pow.bare.steady.vote`."""
    found: dict[str, int] = {}
    for name, value in figures.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value}
    return found


def load() -> dict[str, Any]:
    """Return the committed figures."""
    loaded: dict[str, Any] = json.loads(SNAPSHOT.read_text())
    return loaded


def complaints(measured: Mapping[str, Any], committed: Mapping[str, Any]) -> list[str]:
    """Say what grew beyond the snapshot, and what only one of the two has, one line each."""
    new, old = flat(measured), flat(committed)
    lines = [f"{name} is in the snapshot, but was not measured" for name in sorted(old.keys() - new.keys())]
    lines += [f"{name} was measured, but is not in the snapshot" for name in sorted(new.keys() - old.keys())]
    for name in old.keys() & new.keys():
        growth = new[name] / old[name] - 1
        if growth > GROWTH:
            lines.append(f"{name} grew from {old[name]:,} to {new[name]:,} gas (+{growth:.1%})")
    return sorted(lines)


def over_target(figures: Mapping[str, Any]) -> dict[str, int]:
    """Return the figures above their target, by dotted name."""
    return {
        name: gas for name, gas in flat(figures).items() if gas > TARGETS.get(name.rsplit(".", 1)[-1], LIMIT)
    }
