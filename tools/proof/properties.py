"""Run the properties and invariants in tests/forge: `make test-forge`, `make test-deep`.

`forge lint` leaves a cache from which `forge test` concludes that there are no tests, and ends with status 0. So the
tests are compiled into a folder of their own, and a run without tests is a failure.
"""

from __future__ import annotations

import os
import subprocess
import sys

from environment import ROOT, TOOLS

BUILD = TOOLS / "forge" / "tests"


def main() -> int:
    """Run `forge test` with this process's arguments, and return its status."""
    env = {**os.environ, "FOUNDRY_OUT": str(BUILD / "out"), "FOUNDRY_CACHE_PATH": str(BUILD / "cache")}
    command = ["forge", "test", *sys.argv[1:]]
    ran = False
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            ran = ran or line.startswith("Ran ")
            print(line, end="", flush=True)
    if not ran and process.returncode == 0:
        print("forge: error: no test ran: see above", file=sys.stderr)
        return 1
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
