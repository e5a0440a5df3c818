"""Measure what the contracts' tests run through, by brownie and by Forge, side by side: `make coverage`.

Neither tool can follow code that went through Yul: functions are inlined, and brownie then counts as never run what a
test calls directly. So both measure code from the older generator. Forge does so of itself; brownie gets a project of
its own in `.tools/coverage`, the same but for its configuration, so that `build/` stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from environment import ROOT, TOOLS, SetupError

PROJECT = TOOLS / "coverage"
PLUGIN = ROOT / "tools" / "proof" / "plugin"
SHARED = (
    "client",
    "contracts",
    "docs",
    "deployments",
    "node_modules",
    "pyproject.toml",
    "scripts",
    "tests",
    "tools",
)
FORGE_ROW = re.compile(
    r"^\| contracts/\S*?(\w+)\.sol +\|[^|]*\|[^(|]*\((\d+)/(\d+)\) *\|[^(|]*\((\d+)/(\d+)\)", re.M
)


class Share(NamedTuple):
    """How many of how many were run through."""

    done: int
    total: int

    def __str__(self) -> str:
        return f"{100 * self.done / self.total:6.1f} % ({self.done}/{self.total})" if self.total else "-"


class Coverage(NamedTuple):
    """Of one contract; a branch has two ways in brownie's count."""

    statements: Share
    branches: Share


def from_forge(summary: str) -> dict[str, Coverage]:
    """Read Forge's summary table; contracts are named as their files."""
    rows = [(name, *map(int, numbers)) for name, *numbers in FORGE_ROW.findall(summary)]
    return {name: Coverage(Share(s, of_s), Share(b, of_b)) for name, s, of_s, b, of_b in rows}


def from_brownie(report: dict[str, Any]) -> dict[str, Coverage]:
    """Sum brownie's report up by the contract that a function is written in.

    An inherited or a library's function is reported with each contract that holds it; its best counts.
    """
    best: dict[str, tuple[Share, Share]] = {}
    for counts in report["coverage"].values():
        for function in counts["statements"].keys() | counts["branches"].keys():
            statements = Share(*counts["statements"].get(function, (0, 0)))
            yes, no, of = counts["branches"].get(function, (0, 0, 0))
            branches = Share(yes + no, 2 * of)
            former = best.get(function, (statements, branches))
            best[function] = (max(former[0], statements), max(former[1], branches))
    contracts: dict[str, list[tuple[Share, Share]]] = {}
    for function, shares in best.items():
        contracts.setdefault(function.split(".")[0], []).append(shares)
    return {name: Coverage(*map(total, zip(*of, strict=True))) for name, of in contracts.items()}


def total(shares: Iterable[Share]) -> Share:
    """Add shares up."""
    done, of = map(sum, zip(*shares, strict=True))
    return Share(done, of)


def run_forge() -> dict[str, Coverage]:
    """Run Forge's tests with its coverage on."""
    env = {
        **os.environ,
        "FOUNDRY_OUT": str(PROJECT / "forge"),
        "FOUNDRY_CACHE_PATH": str(PROJECT / "forge-cache"),
    }
    command = [
        "forge",
        "coverage",
        "--no-match-coverage",
        "(tests|mocks|node_modules)",
        "--report",
        "summary",
    ]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SetupError(
            f"forge coverage ended with status {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
        )
    return from_forge(done.stdout)


def make_project() -> None:
    """Make brownie's second project: links to the first one's parts, and a configuration without Yul."""
    PROJECT.mkdir(exist_ok=True)
    for name in SHARED:
        if (ROOT / name).exists() and not (PROJECT / name).is_symlink():
            (PROJECT / name).symlink_to(ROOT / name)
    config = (ROOT / "brownie-config.yaml").read_text()
    if "viaIR: true" not in config:
        raise SetupError(
            "brownie-config.yaml has no 'viaIR: true' to turn off: see to tools/proof/coverage_table.py"
        )
    (PROJECT / "brownie-config.yaml").write_text(config.replace("viaIR: true", "viaIR: false"))
    # Of an earlier run brownie would keep what no test of this one did.
    (PROJECT / "build" / "tests.json").unlink(missing_ok=True)
    shutil.rmtree(PROJECT / "build" / "reports", ignore_errors=True)


def run_brownie(tests: str) -> dict[str, Coverage]:
    """Run brownie's `tests` with its coverage on; that some of them fail is said, and no error."""
    make_project()
    env = {**os.environ, "PYTHONPATH": str(PLUGIN), "PYTEST_PLUGINS": "covered_calls"}
    done = subprocess.run(["brownie", "test", tests, "--coverage"], cwd=PROJECT, env=env)
    report = PROJECT / "build" / "reports" / "coverage.json"
    if not report.exists():
        raise SetupError(f"brownie ended with status {done.returncode} and wrote no report: see above")
    if done.returncode:
        print(f"\ncoverage: brownie's tests ended with status {done.returncode}: see above")
    return from_brownie(json.loads(report.read_text()))


def table(brownie: dict[str, Coverage], forge: dict[str, Coverage]) -> str:
    """Return both as one table."""
    none = Coverage(Share(0, 0), Share(0, 0))
    form = "{:<22}  {:>20}  {:>20}  {:>20}  {:>20}"
    lines = [
        form.format("", "brownie", "", "forge", ""),
        form.format("contract", "statements", "branches", "statements", "branches"),
    ]
    for name in sorted(brownie.keys() | forge.keys()):
        shares = (*brownie.get(name, none), *forge.get(name, none))
        lines.append(form.format(name, *map(str, shares)))
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and keep it where `--json` says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "tests", nargs="?", default="tests/chain/unit", help="which of brownie's tests to run"
    )
    parser.add_argument("--json", type=Path, help="a file for the figures")
    given = parser.parse_args()
    forge = run_forge()
    brownie = run_brownie(given.tests)
    print("\n" + table(brownie, forge))
    if given.json:
        figures = {"brownie": brownie, "forge": forge}
        plain = {
            tool: {n: {k: list(s) for k, s in c._asdict().items()} for n, c in of.items()}
            for tool, of in figures.items()
        }
        given.json.write_text(json.dumps(plain, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"coverage: error: {error}")
