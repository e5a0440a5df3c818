"""The dashboard's own tools, each after what it needs: `tools/run python tools/webui.py build|test|e2e|…`.

A step whose inputs are those of the last time is skipped, so that a second run takes a moment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "setup"))
from common import ROOT, SetupError, Stamp, run, say

WEBUI = ROOT / "webui"
PAGE = WEBUI / "dist" / "index.html"
GENERATED = WEBUI / "src" / "generated" / "abi.ts"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
"""As playwright.config.ts takes it."""
INSTALL_SECONDS = 900.0
COMPILE_SECONDS = 1800.0
BUILD_SECONDS = 600.0
_SETTINGS = ("index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts")


class Done(Stamp):
    """The mark that a step of the dashboard was done; it goes with the packages."""

    def __init__(self, step: str, *inputs: Path | str) -> None:
        super().__init__(step, *inputs)
        self.path = WEBUI / "node_modules" / ".stamps" / step


def install() -> None:
    """Put the packages of package-lock.json into webui/node_modules."""
    stamp = Done("packages", WEBUI / "package.json", WEBUI / "package-lock.json")
    if stamp.note is not None and (WEBUI / "node_modules").is_dir():
        return
    stamp.clear()
    say("webui", "installing the dashboard's packages (npm ci)")
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, what="npm ci", timeout=INSTALL_SECONDS, attempts=3, cwd=WEBUI)
    stamp.write("installed")


def generate() -> None:
    """Write src/generated from the contracts, the errors' words and the reasons."""
    install()
    stamp = Done("generated", *_said())
    if stamp.note is not None and GENERATED.is_file():
        return
    stamp.clear()
    say("webui", "compiling what the contracts changed in (brownie compile)")
    run(["brownie", "compile"], what="compiling the contracts", timeout=COMPILE_SECONDS)
    run(["npm", "run", "--silent", "generate"], what="generating", timeout=BUILD_SECONDS, cwd=WEBUI)
    stamp.write("generated")


def build() -> None:
    """Make webui/dist."""
    generate()
    stamp = Done("build", *_said(), *_sources())
    if stamp.note is not None and PAGE.is_file():
        say("webui", "built")
        return
    stamp.clear()
    say("webui", "building the dashboard")
    run(["npm", "run", "--silent", "build"], what="building", timeout=BUILD_SECONDS, cwd=WEBUI)
    stamp.write("built")
    say("webui", f"built: {PAGE.parent}")


def chromium() -> None:
    """Install Debian's Chromium, where this account may; else say how."""
    if CHROMIUM.exists():
        return
    if "CHROMIUM" in os.environ:
        raise SetupError(f"the browser tests need Chromium, and CHROMIUM names no file: {CHROMIUM}")
    how = "apt-get update && apt-get install -y --no-install-recommends chromium"
    if shutil.which("apt-get") is None:
        raise SetupError(f"the browser tests need {CHROMIUM}: install Chromium there")
    say("webui", f"installing Chromium ({how})")
    try:
        run(["sh", "-c", how], what="installing Chromium", timeout=INSTALL_SECONDS)
    except SetupError as error:
        raise SetupError(f"the browser tests need Chromium: run '{how}' as root ({error})") from error


def script(name: str) -> None:
    """Run one of package.json's scripts, its output shown."""
    done = subprocess.run(["npm", "run", "--silent", name], cwd=WEBUI, check=False)
    if done.returncode:
        raise SetupError(f"npm run {name} in webui/ failed")


def main(what: str) -> None:
    """Do one of the things in this file's first line."""
    if what == "build":
        build()
        return
    if what in ("e2e", "screenshots"):
        chromium()
        build()
    elif what in ("test", "lint", "format"):
        generate()
    else:
        raise SetupError(f"there is no {what!r}: build, test, e2e, screenshots, lint or format")
    script(what)


def _said() -> Iterator[Path]:
    """Yield what src/generated is made from."""
    yield from sorted((ROOT / "contracts").rglob("*.sol"))
    yield from sorted((WEBUI / "scripts").iterdir())
    yield ROOT / "docs" / "errors.md"
    yield ROOT / "client" / "minerva" / "protocol" / "reasons.py"


def _sources() -> Iterator[Path]:
    for folder in ("src", "public"):
        yield from (
            file
            for file in sorted((WEBUI / folder).rglob("*"))
            if file.is_file() and file.parent != GENERATED.parent
        )
    yield from (WEBUI / name for name in _SETTINGS)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) == 2 else "")
    except SetupError as error:
        sys.exit(f"webui: error: {error}")
    except KeyboardInterrupt:
        sys.exit("webui: interrupted")
