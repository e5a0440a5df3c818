"""Brownie's command line, for a project in any folder.

Brownie imports a script by its absolute path with dots for slashes, which a folder with a dot in its name breaks
(`mktemp -d` makes such ones). Here a script of the project is imported by its own name, `scripts.deploy`.

Loading a project compiles it and removes artefacts that it no longer needs, so it is loaded by one process at a time.
"""

from __future__ import annotations

import fcntl
import functools
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import ParamSpec, TypeVar

from brownie._cli.__main__ import main
from brownie.project import scripts
from brownie.project.main import Project

ROOT = Path(__file__).resolve().parents[2]
P = ParamSpec("P")
R = TypeVar("R")


def one_at_a_time(lock: Path, load: Callable[P, R]) -> Callable[P, R]:
    """Return ``load`` made to wait until no other process is in a function that holds ``lock``."""

    @functools.wraps(load)
    def locked(*args: P.args, **named: P.kwargs) -> R:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            return load(*args, **named)

    return locked


def by_own_name(root: Path, fall_back: Callable[[Path], ModuleType]) -> Callable[[Path], ModuleType]:
    """Return a function that imports scripts under ``root`` by their names there, and others as ``fall_back`` does."""

    def import_script(path: Path) -> ModuleType:
        if not path.resolve().is_relative_to(root):
            return fall_back(path)
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))
        return importlib.import_module(".".join(path.resolve().relative_to(root).with_suffix("").parts))

    return import_script


if __name__ == "__main__":
    Project.load = one_at_a_time(ROOT / ".tools" / "run" / "brownie-load.lock", Project.load)
    scripts._import_from_path = by_own_name(ROOT, scripts._import_from_path)
    sys.exit(main())
