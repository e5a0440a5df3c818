"""Resolve the dependencies anew: `make lock` writes requirements.lock and package-lock.json."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from common import CACHE, ROOT, SetupError, run, say
from python_env import UV, UV_ENV, install_uv, requirements


def lock_python() -> None:
    """Pin every Python package with its hashes; versions already locked stay where they still fit."""
    install_uv(requirements()["uv"])
    command = [UV, "pip", "compile", "pyproject.toml", "--group", "dev", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate", "--quiet"]
    command += ["--custom-compile-command", "make lock", "--output-file", "requirements.lock"]
    run(command, what="resolving the Python packages", timeout=600, attempts=2, env=UV_ENV)


def lock_node() -> None:
    """Pin every npm package, in an empty folder.

    Beside an installed node_modules npm leaves the packages of other platforms out of the lock. Where a
    package comes from is left out too: each clone asks the registry it is set up for.
    """
    with tempfile.TemporaryDirectory() as empty:
        for name in ("package.json", "package-lock.json"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, empty)
        command = ["npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
        command += ["--omit-lockfile-registry-resolved", "--cache", CACHE / "npm"]
        run(command, what="resolving the npm packages", timeout=300, attempts=2, cwd=Path(empty))
        shutil.copy(Path(empty) / "package-lock.json", ROOT)


if __name__ == "__main__":
    try:
        lock_python()
        lock_node()
    except SetupError as error:
        sys.exit(f"lock: error: {error}")
    say("lock", "written: requirements.lock, package-lock.json; run 'make setup' to install them")
