"""Environments of their own for the analysers, made when they are first used.

An analyser's packages would clash with the project's, and neither set-up nor tests need them. What
`tools/proof/NAME.in` asks for and `make lock` pinned in `tools/proof/NAME.lock` is installed in `.tools/NAME`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "setup"))

from common import ROOT, TOOLS, SetupError, Stamp, run  # noqa: E402
from python_env import UV, UV_ENV  # noqa: E402

__all__ = ["ROOT", "TOOLS", "SetupError", "environment", "run"]


def environment(name: str) -> Path:
    """Return the folder of `name`'s programmes, installing them where that was not done from this lock.

    Raises
    ------
    SetupError
        If the project is not set up or a package cannot be installed.
    """
    lock, home = HERE / f"{name}.lock", TOOLS / name
    stamp = Stamp(name, lock, Path(sys.executable).resolve().as_posix())
    # Beside what it speaks of, so that who removes the environment has removed the mark.
    stamp.path = home / "installed"
    if stamp.note is None:
        if not UV.exists():
            raise SetupError(f"{UV} is missing: run 'make setup' first")
        print(f"{name}: installing into {home.relative_to(ROOT)}, a minute at first", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        install(home, lock)
        stamp.write("done")
    return home / "bin"


def install(home: Path, lock: Path) -> None:
    """Make a virtual environment at `home` with exactly the packages of `lock`."""
    env = UV_ENV | {"VIRTUAL_ENV": str(home)}
    run([UV, "venv", "--quiet", "--python", sys.executable, home], what="uv venv", timeout=60, env=env)
    sync: list[str | Path] = [UV, "pip", "sync", "--require-hashes", "--only-binary", ":all:", lock]
    run(sync, what=f"installing {home.name}", timeout=900, attempts=3, env=env)
