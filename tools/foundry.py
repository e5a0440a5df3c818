#!/usr/bin/env python3
"""Run anvil or forge, named by the link this file is called through, from the platform's npm package.

The package's own launcher stays between the caller and the programme and outlives a `kill -9`; this one
replaces itself by the programme. With `DIES_WITH_PARENT=1` in the environment the programme also ends when
the thread that started it ends, however that happens (Linux only).
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PR_SET_PDEATHSIG = 1
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends; the request survives `exec`."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def find(name: str) -> Path | None:
    """Return the programme `name` of Foundry: the locked package's, else one found on `PATH`."""
    machine = platform.machine().lower()
    package = f"{name}-{platform.system().lower()}-{ARCHITECTURES.get(machine, machine)}"
    native = ROOT / "node_modules" / "@foundry-rs" / package / "bin" / name
    if native.exists():
        return native
    links = ROOT / "tools" / "bin"
    path = [p for p in os.environ.get("PATH", "").split(os.pathsep) if Path(p).resolve() != links]
    found = shutil.which(name, path=os.pathsep.join(path))
    return Path(found) if found else None


def main() -> None:
    """Become the programme whose name this file was called by."""
    name = Path(sys.argv[0]).name
    programme = find(name)
    if programme is None:
        sys.exit(
            f"{name}: the npm lock has no build for {platform.system()} {platform.machine()}, and none is on "
            "PATH: install Foundry 1.7 (https://getfoundry.sh)"
        )
    if os.environ.get("DIES_WITH_PARENT") == "1":
        die_with_parent()
    os.execv(programme, [name, *sys.argv[1:]])


if __name__ == "__main__":
    main()
