"""Resolve the dependencies anew: `make lock` writes requirements.lock, tools/proof/*.lock, package-lock.json."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import CACHE, ROOT, SetupError, run, say
from python_env import UV, UV_ENV, install_uv, requirements

ANALYSERS = ROOT / "tools" / "proof"


def lock_python() -> None:
    """Pin every Python package with its hashes; versions already locked stay where they still fit."""
    install_uv(requirements()["uv"])
    compile_lock(ROOT / "requirements.lock", "pyproject.toml", "--group", "dev")
    # Their packages would clash with the project's, so each analyser has a lock and an environment of its own.
    for wanted in sorted(ANALYSERS.glob("*.in")):
        compile_lock(wanted.with_suffix(".lock"), wanted)


def compile_lock(lock: Path, *source: str | Path) -> None:
    """Resolve what `source` names into `lock`."""
    command: list[str | Path] = [UV, "pip", "compile", *source, "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet"]
    command += ["--custom-compile-command", "make lock", "--output-file", lock.relative_to(ROOT)]
    run(command, what=f"resolving {lock.name}", timeout=600, attempts=2, env=UV_ENV)


def lock_node() -> None:
    """Pin every npm package, in an empty folder.

    Beside an installed node_modules npm leaves the packages of other platforms out of the lock. Where a
    package comes from is left out too: each clone asks the registry it is set up for.
    """
    with tempfile.TemporaryDirectory() as empty:
        for name in ("package.json", "package-lock.json"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, empty)
        command: list[str | Path] = [
            "npm",
            "install",
            "--package-lock-only",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]
        command += ["--omit-lockfile-registry-resolved", "--cache", CACHE / "npm"]
        run(command, what="resolving the npm packages", timeout=300, attempts=2, cwd=Path(empty))
        lock = json.loads((Path(empty) / "package-lock.json").read_text())
    add_platforms(lock["packages"])
    (ROOT / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n")


def add_platforms(packages: dict[str, Any]) -> None:
    """Name Foundry's packages for the platforms that the registry asked here does not serve.

    Without them `npm ci` refuses the lock on every platform. They get no integrity value, as their
    content was not seen; a platform's own registry answers for them.
    """
    for package in list(packages.values()):
        for name, version in package.get("optionalDependencies", {}).items():
            if f"node_modules/{name}" in packages:
                continue
            match = re.fullmatch(r"@foundry-rs/\w+-(linux|darwin|win32)-(amd64|arm64)", name)
            if match is None:
                raise SetupError(f"the registry does not serve {name} {version}: ask another registry")
            cpu = {"amd64": "x64"}.get(match[2], match[2])
            known = {"version": version, "cpu": [cpu], "dev": True, "optional": True, "os": [match[1]]}
            packages[f"node_modules/{name}"] = known


if __name__ == "__main__":
    try:
        lock_python()
        lock_node()
    except SetupError as error:
        sys.exit(f"lock: error: {error}")
    say(
        "lock",
        "written: requirements.lock, tools/proof/*.lock, package-lock.json; run 'make setup' to install them",
    )
