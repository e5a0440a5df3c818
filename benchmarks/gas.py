"""Gas of every transaction, for each consensus module, bare and with stake and rewards, with 256 updates a round.

    python benchmarks/gas.py [--json] [--renew | --costs]

Measures in the contracts' test run, on a development chain with mainnet's rules. The baseline is the 21,000 gas that
any transaction costs. `--renew` keeps the figures as the snapshot from which `make test` allows 2 % (benchmarks/gas.json)
and writes docs/costs.md from them; `--costs` writes docs/costs.md from the snapshot as it is, and measures nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import costs
import snapshot
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
RUN_SECONDS = 900


def main() -> int:
    """Measure, print, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    keep = parser.add_mutually_exclusive_group()
    keep.add_argument("--renew", action="store_true")
    keep.add_argument("--costs", action="store_true")
    options = parser.parse_args()
    if options.costs:
        costs.PAGE.write_text(costs.page(snapshot.load()))
        return 0
    figures = measure()
    if figures is None:
        return 1
    former = snapshot.load() if snapshot.SNAPSHOT.exists() else None
    if options.renew:
        snapshot.SNAPSHOT.write_text(json.dumps(figures, indent=2) + "\n")
        costs.PAGE.write_text(costs.page(figures))
    if options.json:
        print(json.dumps(document(figures), indent=2))
    else:
        show(figures, former)
    return 0


def measure() -> dict[str, Any] | None:
    """Let the contracts' tests measure; None, and a line that says why, when they could not."""
    with tempfile.TemporaryDirectory(prefix="minerva-gas-") as folder:
        file = Path(folder) / "gas.json"
        command = [ROOT / "tools/bin/brownie", "test", "tests/chain/unit/test_gas.py", "-k", "measured"]
        environment = {**os.environ, "MINERVA_GAS_FILE": str(file)}
        try:
            run = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS
            )
        except subprocess.TimeoutExpired:
            print(f"gas: error: the measurement took more than {RUN_SECONDS} s", file=sys.stderr)
            return None
        if not file.exists():
            print("\n".join((run.stdout + run.stderr).splitlines()[-20:]), file=sys.stderr)
            print(
                f"gas: error: brownie measured nothing (status {run.returncode}): see above", file=sys.stderr
            )
            return None
        figures: dict[str, Any] = json.loads(file.read_text())
        return figures


def document(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the figures, and what they are."""
    return figures | {
        "what": snapshot.WHAT,
        "targets": snapshot.TARGETS,
        "overTarget": snapshot.over_target(figures),
        "baseline": {"what": "the intrinsic gas of a transaction", "gas": snapshot.BASELINE},
        "ratio": {name: round(figures[name] / snapshot.BASELINE, 2) for name in snapshot.WHAT},
    }


def show(figures: dict[str, Any], former: dict[str, Any] | None) -> None:
    """Print two tables: the named figures, and those of each module."""
    console = Console(width=140 if not sys.stdout.isatty() else None)
    named = Table(title="Gas: proof of work, stake and rewards, 4 miners, 256 updates a round")
    for heading in ("transaction", "gas", f"× {snapshot.BASELINE:,}", "target", "snapshot"):
        named.add_column(heading, justify="left" if heading == "transaction" else "right")
    for name, what in snapshot.WHAT.items():
        target, gas = snapshot.TARGETS.get(name), figures[name]
        named.add_row(
            f"{name}: {what}",
            f"{gas:,}",
            f"{gas / snapshot.BASELINE:.2f}",
            f"{target:,}" if target else "",
            f"{gas / former[name] - 1:+.1%}" if former and name in former else "",
        )
    console.print(named)
    for state in ("first", "steady"):
        columns = [
            (f"{name}, {kind}", kinds[kind][state])
            for name, kinds in figures["modules"].items()
            for kind in kinds
        ]
        table = Table(title=f"By module, {'first round' if state == 'first' else 'steady state'}")
        table.add_column("transaction")
        for heading, _ in columns:
            table.add_column(heading, justify="right")
        for name in columns[0][1]:
            values = [column[name] for _, column in columns]
            most = snapshot.TARGETS.get(name, snapshot.LIMIT)
            table.add_row(name, *(f"[red]{v:,}[/red]" if v > most else f"{v:,}" for v in values))
        console.print(table)


if __name__ == "__main__":
    sys.exit(main())
