#!/usr/bin/env python3
"""Run brownie with a home of its own and a dev chain on a free port.

Brownie keeps its networks, port included, in `~/.brownie`. Every run therefore gets a private home under
`.tools/run`, removed when the run ends; only keystores and Hypothesis's examples outlive it, in
`.tools/home/.brownie`. The dev chain ends with brownie, and brownie with this process, also on `kill -9`.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from foundry import die_with_parent  # noqa: E402

BROWNIE = (ROOT / ".venv" / "bin" / "python", ROOT / "tools" / "brownie" / "cli.py")
RUNS = ROOT / ".tools" / "run"
KEPT = ROOT / ".tools" / "home" / ".brownie"
ANVIL_CHAIN_ID = "31337"
LOCAL_CHAIN_ID = os.environ.get("MINERVA_CHAIN_ID") or ANVIL_CHAIN_ID
LOCAL_RPC_URL = "http://127.0.0.1:8545"
NETWORKS = ROOT / "tools" / "brownie" / "network-config.yaml"


def workers(arguments: list[str]) -> int:
    """Return how many processes run tests at once: ``-n`` of `brownie test`."""
    named = next((value for flag, value in pairwise(arguments) if flag in ("-n", "--numprocesses")), "1")
    return max(1, int(named)) if named.isdecimal() else os.cpu_count() or 1


def reserve_ports(count: int) -> list[socket.socket]:
    """Return bound sockets whose ports, one after the other, stay this run's own until they are closed.

    They never listen: with `SO_REUSEADDR` on both sides anvil may still bind the port (Linux), while
    nobody else is given it. Brownie gives its n-th worker the n-th port.
    """
    for _ in range(100):
        reserved: list[socket.socket] = []
        try:
            for number in range(count):
                one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                reserved.append(one)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", reserved[0].getsockname()[1] + number if number else 0))
            return reserved
        except (OSError, OverflowError):  # taken, or past the last port
            for one in reserved:
                one.close()
    sys.exit(f"brownie: no {count} free ports in a row")


def remove_stale_homes() -> None:
    """Remove the homes of runs that were killed: those whose lock nobody holds."""
    for home in RUNS.glob("brownie-*"):
        try:
            with open(home / "lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
        except OSError:
            continue


def make_home(port: int, *, steps: bool = False) -> tuple[Path, IO[str]]:
    """Make a private home whose `development` network listens on `port`; return it and its held lock.

    With ``steps`` that network keeps each transaction's steps, from which brownie tells coverage.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="brownie-", dir=RUNS))
    lock = open(home / "lock", "w")  # noqa: SIM115 (held until the process ends)
    fcntl.flock(lock, fcntl.LOCK_EX)
    data = home / ".brownie"
    data.mkdir()
    for kept in ("accounts", "hypothesis"):
        (KEPT / kept).mkdir(parents=True, exist_ok=True)
        (data / kept).symlink_to(KEPT / kept, target_is_directory=True)
    networks = NETWORKS.read_text()
    for name, value in (
        ("DEV_PORT", port),
        ("MINERVA_CHAIN_ID", LOCAL_CHAIN_ID),
        ("STEPS", str(steps).lower()),
    ):
        networks = networks.replace(f"${name}", str(value))
    (data / "network-config.yaml").write_text(networks)
    return home, lock


def refuse_without_address(arguments: list[str]) -> None:
    """End with one line when the variable with the address of the named network's node is not set."""
    if not LOCAL_CHAIN_ID.isdecimal():
        sys.exit(f"brownie: MINERVA_CHAIN_ID is {LOCAL_CHAIN_ID!r}: give a number")
    named = dict(re.findall(r"id: (\S+)\n\s+chainid: .*\n\s+host: \$(\w+)", NETWORKS.read_text()))
    variable = named.get(_network(arguments), "MINERVA_RPC_URL")
    if variable != "MINERVA_RPC_URL" and not os.environ.get(variable):
        sys.exit(f"brownie: {variable} is not set: export {variable}=https://…, the address of a node")


def run(arguments: list[str], home: Path) -> int:
    """Run brownie to its end, pass signals on, and return its exit status as a shell would."""
    environment = {"MINERVA_RPC_URL": LOCAL_RPC_URL, **os.environ, "HOME": str(home), "DIES_WITH_PARENT": "1"}
    process = subprocess.Popen([*BROWNIE, *arguments], env=environment, preexec_fn=die_with_parent)

    def pass_on(number: int, _frame: object) -> None:
        # A terminal sends Ctrl-C to brownie too; a second one would cut its tear-down short.
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    status = process.wait()
    return status if status >= 0 else 128 - status


@contextmanager
def forgotten_deployments(arguments: list[str]) -> Iterator[None]:
    """Forget what brownie remembers of a local chain, one run at a time.

    Brownie keeps the contracts of a chain by its id and refuses to connect when one is gone; every dev chain has
    the same id. The deployment file is what lasts.
    """
    chain_id = {"anvil": ANVIL_CHAIN_ID, "local": LOCAL_CHAIN_ID}.get(_network(arguments))
    if chain_id is None:
        yield
        return
    with open(RUNS / "local.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(ROOT / "build" / "deployments" / chain_id, ignore_errors=True)
        yield


def _network(arguments: list[str]) -> str:
    """Return the network that is named, "" for brownie's own."""
    return next((value for flag, value in pairwise(arguments) if flag == "--network"), "")


def main() -> int:
    """Run brownie with this process's arguments."""
    if os.environ.get("VIRTUAL_ENV") != str(ROOT / ".venv"):
        launcher = str(ROOT / "tools" / "run")
        os.execv(launcher, [launcher, str(Path(__file__).resolve()), *sys.argv[1:]])
    refuse_without_address(sys.argv[1:])
    remove_stale_homes()
    reserved = reserve_ports(workers(sys.argv[1:]))
    port = reserved[0].getsockname()[1]
    if sys.platform != "linux":
        # Elsewhere a bound port cannot be bound again: the ports are free, though not held.
        for one in reserved:
            one.close()
    home, lock = make_home(port, steps=bool({"--coverage", "-C"} & set(sys.argv[1:])))
    try:
        if len(reserved) > 1 and (status := run(["compile"], home)):
            # Each worker loads the project, and would remove under the others what a compilation leaves over.
            return status
        with forgotten_deployments(sys.argv[1:]):
            return run(sys.argv[1:], home)
    finally:
        lock.close()
        shutil.rmtree(home, ignore_errors=True)
        for one in reserved:
            one.close()


if __name__ == "__main__":
    sys.exit(main())
