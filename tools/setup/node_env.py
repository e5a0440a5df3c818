"""The npm packages (Solidity's compiler, its library, anvil, forge) and the compiler's command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from common import CACHE, ROOT, TOOLS, SetupError, Stamp, run, say

MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
LEAST_NODE = 20
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def node_version() -> str:
    """Return Node's version.

    Raises
    ------
    SetupError
        If Node or npm is missing or too old.
    """
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            raise SetupError(f"{name} is not on PATH: install Node {LEAST_NODE} or newer, with npm")
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30)
    version = answer.stdout.strip().lstrip("v")
    if not version or int(version.split(".")[0]) < LEAST_NODE:
        raise SetupError(f"Node is {version or 'broken'}: install Node {LEAST_NODE} or newer")
    return version


def check_compiler() -> str:
    """Put solc-js where py-solc-x and forge look for a compiler; return its version."""
    version = str(json.loads((MODULES / "solc" / "package.json").read_text())["version"])
    for name, pattern in (
        ("brownie-config.yaml", r"version: *([\d.]+)"),
        ("foundry.toml", r"solc-v([\d.]+)"),
    ):
        named = re.search(pattern, (ROOT / name).read_text())
        if named is None or named[1] != version:
            found = named[1] if named else "nothing"
            raise SetupError(f"{name} names solc {found}, the npm lock {version}: make them the same")
    folder = TOOLS / "solcx"
    script = folder / f"solc-v{version}"
    stamp = Stamp("solc", version, ROOT / "tools" / "solc.cjs")
    if stamp.note is not None and script.exists():
        return version
    stamp.clear()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    script.write_text('#!/bin/sh\nexec node "$(dirname -- "$0")/../../tools/solc.cjs" "$@"\n')
    script.chmod(0o755)
    output = run([script, "--version"], what="asking solc for its version", timeout=60)
    if f"Version: {version}+" not in output:
        raise SetupError(f"{script} says {output.strip()!r}: expected version {version}; run 'make clean'")
    stamp.write(version)
    return version


def check() -> str:
    """Make node_modules what the lock says; return a line about it."""
    node = node_version()
    install_packages(node)
    return f"Node {node}, solc {check_compiler()}"


def install_packages(node: str) -> None:
    """Install what package-lock.json says, and see that anvil and forge start."""
    stamp = Stamp("node", LOCK, ROOT / "package.json", node.split(".")[0])
    if stamp.note is not None and (MODULES / "solc").exists():
        return
    say("node", "installing the npm packages")
    stamp.clear()
    env = {"npm_config_cache": str(CACHE / "npm"), "npm_config_update_notifier": "false"}
    if "NODE_EXTRA_CA_CERTS" not in os.environ and SYSTEM_CERTIFICATES.exists():
        # Node trusts only its own list, which leaves out an organisation's proxy.
        env["NODE_EXTRA_CA_CERTS"] = str(SYSTEM_CERTIFICATES)
    # No package needs its install script: the programmes lie ready in the platform's packages.
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-timeout=60000"]
    run(command, what="npm ci", timeout=600, attempts=3, env=env)
    for name in ("anvil", "forge"):
        programme = ROOT / "tools" / "bin" / name
        output = run([programme, "--version"], what=f"starting {name}", timeout=60)
        say("node", output.splitlines()[0])
    stamp.write(node)
