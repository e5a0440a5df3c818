"""Analyse the contracts with Slither: `make slither`.

Nothing of High or Medium impact may be found but where a comment beside the code silences its detector. Each finding
of lower impact, and each such comment, must have its line in docs/security/slither.md, which says why it is none. A
line that stands for nothing any more is an error too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from environment import ROOT, TOOLS, SetupError, environment, run

TRIAGE = ROOT / "docs" / "security" / "slither.md"
BUILD = TOOLS / "forge" / "slither"
NOT_OURS = "node_modules|contracts/mocks"
GRAVE = ("High", "Medium")
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| `([\w.*]+)` \|", re.MULTILINE)
SILENCER = re.compile(r"^\s*// slither-disable-next-line ([\w,-]+)(: \S.*)?$")
CONTRACT = re.compile(r"^(?:abstract )?(?:contract|library|interface) (\w+)")
FUNCTION = re.compile(r"^    (?:function (\w+)|(constructor|receive|fallback)\b)")
VARIABLE = re.compile(r"(\w+);$")


class Finding(NamedTuple):
    """What a detector found, and where: without line numbers, so that it is the same after an edit elsewhere."""

    check: str
    place: str
    impact: str


def place(element: dict[str, Any]) -> str:
    """Return an element's name with those of what it is in, such as `Miner.initialize.owner_`."""
    parent = element.get("type_specific_fields", {}).get("parent")
    within = f"{place(parent)}." if parent and parent["type"] in ("contract", "function") else ""
    return within + str(element["name"])


def findings(report: dict[str, Any]) -> set[Finding]:
    """Return what Slither's JSON report tells; what differs in the line only is one."""
    if not report["success"]:
        raise SetupError(f"slither: {report['error']}")
    found = report["results"].get("detectors", [])
    return {Finding(f["check"], place(f["elements"][0]), f["impact"]) for f in found}


def silenced(source: str) -> set[Finding]:
    """Return what comments in a contract's source silence, and where; of no impact without a reason beside it."""
    contract, function, found = "", "", set()
    pending: list[tuple[str, str]] = []
    for line in source.splitlines():
        if match := SILENCER.match(line):
            pending += [(check, "silenced" if match[2] else "") for check in match[1].split(",")]
            continue
        if match := CONTRACT.match(line):
            contract, function = match[1], ""
        elif match := FUNCTION.match(line):
            function = match[1] or match[2]
        elif line == "    }":
            function = ""
        if pending:
            name = function or (match[1] if (match := VARIABLE.search(line)) else line.strip())
            found |= {Finding(check, f"{contract}.{name}", impact) for check, impact in pending}
            pending.clear()
    return found


def judge(found: Iterable[Finding], triage: str) -> list[str]:
    """Return what must be done about the findings, given the text of the triage; nothing if all is well."""
    listed = set(ROW.findall(triage))
    found = sorted(found)
    problems = [f"{f.impact}: {f.check} at {f.place}" for f in found if f.impact in GRAVE]
    problems += [f"{f.check} is silenced at {f.place} without a reason" for f in found if not f.impact]
    problems += [
        f"{f.impact}: {f.check} at {f.place}: give it a line in {TRIAGE.relative_to(ROOT)}"
        for f in found
        if f.impact not in GRAVE and not any(_stands_for(row, f) for row in listed)
    ]
    gone = sorted(row for row in listed if not any(_stands_for(row, f) for f in found))
    return problems + [f"{check} at {where} is not found any more: remove its line" for check, where in gone]


def _stands_for(row: tuple[str, str], finding: Finding) -> bool:
    return row[0] == finding.check and fnmatchcase(finding.place, row[1])


def analyse() -> dict[str, Any]:
    """Compile the contracts as they are deployed, and return Slither's report on them."""
    programmes = environment("slither")
    with tempfile.TemporaryDirectory() as folder:
        env = {"FOUNDRY_OUT": f"{BUILD}/out", "FOUNDRY_CACHE_PATH": f"{BUILD}/cache"}
        build: list[str | Path] = ["forge", "build", "--force", "--build-info", "--build-info-path", folder]
        run([*build, "contracts"], what="compiling the contracts", timeout=600, env=env)
        output = Path(folder) / "report.json"
        command: list[str | Path] = [
            programmes / "slither",
            ".",
            "--json",
            output,
            "--filter-paths",
            NOT_OURS,
            "--fail-none",
        ]
        command += ["--foundry-ignore-compile", "--foundry-build-info-directory", folder]
        # Of Forge it asks the configuration, and of the home it makes a folder.
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
        if not output.exists():
            raise SetupError(f"slither ended with status {done.returncode}: {done.stderr.strip()[-2000:]}")
        report: dict[str, Any] = json.loads(output.read_text())
        return report


def main() -> int:
    """Analyse, print what is to be done, and return 1 if there is anything."""
    found = findings(analyse())
    for source in sorted((ROOT / "contracts").rglob("*.sol")):
        found |= silenced(source.read_text())
    problems = judge(found, TRIAGE.read_text())
    for problem in problems:
        print(problem)
    grave, quiet = sum(f.impact in GRAVE for f in found), sum(f.impact in ("", "silenced") for f in found)
    print(
        f"slither: {grave} of High or Medium impact, {len(found) - grave - quiet} lower, {quiet} silenced in the "
        f"sources; {len(problems)} to be dealt with"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.exit(f"slither: error: {error}")
