"""Make everything the project needs, inside the project: `python3.11 tools/setup`.

Each step is skipped when its stamp says that it was done from the same locks, so that a second run takes
no time and no network.
"""

from __future__ import annotations

import fcntl
import signal
import sys
import time

import kubo
import node_env
import python_env
from common import TOOLS, SetupError, say

STEPS = {"python": python_env.check, "node": node_env.check, "kubo": kubo.check}


def main() -> None:
    """Run every step."""
    if sys.version_info[:2] != (3, 11):
        raise SetupError(f"this is Python {sys.version.split()[0]}: run the set-up with Python 3.11")
    if sys.platform not in ("linux", "darwin"):
        raise SetupError(f"the platform is {sys.platform}: use Linux or macOS (on Windows, WSL)")
    began = time.monotonic()
    TOOLS.mkdir(exist_ok=True)
    (TOOLS / "home").mkdir(exist_ok=True)
    with open(TOOLS / "setup.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("wait", "another set-up of this clone is running")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for name, step in STEPS.items():
            say(name, step())
    say("ready", f"in {time.monotonic() - began:.1f} s")


signal.signal(signal.SIGTERM, signal.default_int_handler)
try:
    main()
except SetupError as error:
    sys.exit(f"setup: error: {error}")
except KeyboardInterrupt:
    sys.exit("setup: interrupted: run 'make setup' again")
