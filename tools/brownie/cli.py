"""Brownie's command line, for a project in any folder.

Brownie imports a script by its absolute path with dots for slashes, which a folder with a dot in its name breaks
(`mktemp -d` makes such ones). Here a script of the project is imported by its own name, `scripts.deploy`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from brownie._cli.__main__ import main
from brownie.project import scripts

ROOT = Path(__file__).resolve().parents[2]


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
    scripts._import_from_path = by_own_name(ROOT, scripts._import_from_path)
    sys.exit(main())
