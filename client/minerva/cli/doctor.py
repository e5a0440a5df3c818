"""`minerva doctor`: each part with its version, whether it answers, and what to do when it does not."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from minerva.cli.common import Context, command
from minerva.errors import MinervaError

_TIMEOUT = 20
_ENOUGH_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the diagnosis. ``state``: ``ok``, ``off`` (not configured or optional) or ``bad``."""

    name: str
    version: str
    state: str
    remedy: str = ""


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "doctor", epilog="Example: minerva doctor --json")(doctor)


def doctor(context: Context) -> None:
    """Check every part; exit status 1 when one that is needed does not work."""
    checks: list[Callable[[Context], Part]] = [
        _python, _node, _solc, _anvil, _kubo, _torch, _chain, _ipfs, _key, _disk, _dashboard,
    ]  # fmt: skip
    parts = [check(context) for check in checks]

    def render(out: Console) -> None:
        table = Table("part", "version", "state", "what to do")
        for part in parts:
            table.add_row(part.name, part.version, part.state, part.remedy)
        out.print(table)

    context.emit({"parts": [asdict(part) for part in parts], "ok": all(p.state != "bad" for p in parts)}, render)
    bad = [part.name for part in parts if part.state == "bad"]
    if bad:
        raise MinervaError("some parts do not work", value=", ".join(bad), remedy="The table says what to do.")


def _python(_: Context) -> Part:
    ok = sys.version_info[:2] == (3, 11)
    return Part("Python", platform.python_version(), "ok" if ok else "bad", "" if ok else "Use Python 3.11: run 'make setup'.")


def _node(_: Context) -> Part:
    version = _run(["node", "--version"])
    ok = version.startswith("v") and int(version[1:].split(".")[0]) >= 20
    return Part("Node", version, "ok" if ok else "bad", "" if ok else "Install Node 20 or later.")


def _solc(_: Context) -> Part:
    root = _root()
    found = sorted((root / ".tools" / "solcx").glob("solc-v*")) if root else []
    version = _run([str(found[-1]), "--version"]).splitlines() if found else []
    ok = bool(version)
    return Part("solc", version[-1] if ok else "", "ok" if ok else "bad", "" if ok else "Run 'make setup'.")


def _anvil(_: Context) -> Part:
    from minerva.chain.dev import find_anvil

    try:
        version = _run([str(find_anvil()), "--version"]).splitlines()
    except MinervaError:
        version = []
    return Part("anvil", version[0] if version else "", "ok" if version else "bad", "" if version else "Run 'make setup'.")


def _kubo(_: Context) -> Part:
    from minerva.store.node import find_kubo

    binary = find_kubo()
    if binary is None:
        return Part("Kubo", "", "off", "The embedded local store is used. Install Kubo 0.40 or Go, then run 'make setup'.")
    return Part("Kubo", _run([str(binary), "version", "--number"]), "ok")


def _torch(_: Context) -> Part:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Part("torch", version("torch"), "ok")
    except PackageNotFoundError:
        return Part("torch", "", "bad", "Run 'make setup'.")


def _chain(context: Context) -> Part:
    section = context.settings.chain
    if not Path(section.deployment).exists():
        return Part("chain", section.rpc, "off", f"No {section.deployment}: run 'minerva up', or scripts/deploy.py, or name a deployment.")
    try:
        chain = context.chain()
        return Part("chain", f"id {chain.chain_id}, block {chain.head().number} at {section.rpc}", "ok")
    except MinervaError as error:
        return Part("chain", section.rpc, "bad", str(error))


def _ipfs(context: Context) -> Part:
    url = context.settings.store.url
    if not url:
        return Part("IPFS", "", "off", "No store is configured: run 'minerva up', or name one with --store.")
    try:
        health = context.store().health()
        return Part("IPFS", f"{health.name} {health.version}, {health.peers} peers", "ok")
    except MinervaError as error:
        return Part("IPFS", url, "bad", str(error))


def _key(context: Context) -> Part:
    account = context.settings.key.account
    if not account:
        return Part("key", "", "off", "None is configured: name a keystore with --account.")
    if account.startswith("anvil:"):
        return Part("key", f"{account} (a public development key)", "ok")
    try:
        address = json.loads(Path(account).read_text())["address"]
        loose = os.stat(account).st_mode & 0o077
        return Part("key", f"0x{address.removeprefix('0x')}", "bad" if loose else "ok", f"chmod 600 {account}" if loose else "")
    except (OSError, ValueError, KeyError, TypeError):
        return Part("key", account, "bad", "Not a keystore v3 file: name another with --account.")


def _disk(context: Context) -> Part:
    folder = context.state.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    ok = free > _ENOUGH_BYTES
    return Part("disk", f"{free / (1 << 30):.1f} GiB free", "ok" if ok else "bad", "" if ok else f"Free 2 GiB under {folder}.")


def _dashboard(_: Context) -> Part:
    root = _root()
    index = root / "webui" / "dist" / "index.html" if root else None
    if index and index.exists():
        return Part("dashboard", str(index.parent), "ok")
    return Part("dashboard", "", "off", "There is no build of the dashboard.")


def _root() -> Path | None:
    from minerva.paths import project_root

    try:
        return project_root()
    except MinervaError:
        return None


def _run(words: list[str]) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
