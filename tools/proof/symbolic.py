"""Prove the statements in tests/forge/symbolic with Halmos: `make halmos`."""

from __future__ import annotations

import os
import sys

from environment import ROOT, TOOLS, SetupError, environment

# Not the yices that Halmos brings: it claims that a set of all 64 miners has a free index, which a run refutes.
SOLVER = ROOT / "tools" / "proof" / "solver.py"
BUILD = TOOLS / "forge" / "halmos"
ASSERTION_MILLISECONDS = 60_000


def main() -> None:
    """Become Halmos, whose status is not 0 when a statement is refuted or stays open."""
    halmos = environment("halmos") / "halmos"
    # Halmos has Forge compile with the syntax tree, which Forge's own cache is without; what the statements need is
    # a small part of the contracts.
    env = {**os.environ, "FOUNDRY_OUT": str(BUILD / "out"), "FOUNDRY_CACHE_PATH": str(BUILD / "cache")}
    env |= dict.fromkeys(("FOUNDRY_SRC", "FOUNDRY_TEST", "FOUNDRY_SCRIPT"), "tests/forge/symbolic")
    env["PATH"] = f"{halmos.parent}{os.pathsep}{env['PATH']}"
    command = [str(halmos), "--root", str(ROOT), "--forge-build-out", os.path.relpath(BUILD / "out", ROOT)]
    command += [
        "--match-contract",
        "Symbolic$",
        "--no-status",
        "--solver-command",
        f"{halmos.parent / 'python'} {SOLVER}",
    ]
    command += ["--solver-timeout-assertion", str(ASSERTION_MILLISECONDS), *sys.argv[1:]]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(halmos, command, env)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"halmos: error: {error}")
