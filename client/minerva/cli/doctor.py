"""`minerva doctor`: each part with its version, whether it answers, and what to do when it does not."""

from __future__ import annotations

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

from minerva.cli.common import Context, command
from minerva.config import STATE_FOLDER, ChainSection
from minerva.errors import MinervaError

_TIMEOUT = 20
_ENOUGH_BYTES = 2 << 30
_SETUP = "Run 'make setup'."


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the diagnosis.

    ``state`` is ``ok``, ``off`` (not configured, or not needed) or ``bad``; ``remedy`` says what to do, or
    what takes its place.
    """

    name: str
    version: str
    state: str
    remedy: str = ""


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "doctor", epilog="Example: minerva doctor --json")(doctor)


def doctor(context: Context) -> None:
    """Check every part; exit status 1 when one that is needed, or configured, does not work."""
    checks: list[Callable[[Context], Part]] = [
        _python, _node, _solc, _anvil, _kubo, _torch, _chain, _ipfs, _key, _disk, _dashboard,
    ]  # fmt: skip
    parts = [check(context) for check in checks]
    bad = [part.name for part in parts if part.state == "bad"]

    def render(out: Console) -> None:
        for part in parts:
            out.print(f"{part.state:>4}  {part.name:<9}  {part.version}".rstrip())
            if part.remedy:
                out.print(f"{'':>17}{part.remedy}")

    failure = None
    if bad:
        failure = MinervaError("some parts do not work", value=", ".join(bad), remedy="See what to do above.")
    context.emit({"parts": [asdict(part) for part in parts], "ok": not bad}, render, failure)


def _judged(name: str, version: str, remedy: str, *, ok: bool) -> Part:
    return Part(name, version, "ok" if ok else "bad", "" if ok else remedy)


def _python(_: Context) -> Part:
    ok = sys.version_info[:2] == (3, 11)
    return _judged("Python", platform.python_version(), "Use Python 3.11: run 'make setup'.", ok=ok)


def _node(_: Context) -> Part:
    version = _run(["node", "--version"])
    major = version.removeprefix("v").partition(".")[0]
    return _judged("Node", version, "Install Node 20 or later.", ok=major.isdigit() and int(major) >= 20)


def _solc(_: Context) -> Part:
    root = _root()
    found = sorted((root / ".tools" / "solcx").glob("solc-v*")) if root else []
    lines = _run([str(found[-1]), "--version"]).splitlines() if found else []
    version = lines[-1].removeprefix("Version: ") if lines else ""
    return _judged("solc", version, _SETUP, ok=bool(version))


def _anvil(_: Context) -> Part:
    from minerva.chain.dev import find_anvil

    try:
        lines = _run([str(find_anvil()), "--version"]).splitlines()
    except MinervaError:
        lines = []
    return _judged("anvil", lines[0].removeprefix("anvil Version: ") if lines else "", _SETUP, ok=bool(lines))


def _kubo(_: Context) -> Part:
    from minerva.store.node import find_kubo

    binary = find_kubo()
    if binary is None:
        how = "To have IPFS, install Kubo 0.40 or Go, then run 'make setup'."
        return Part("Kubo", "", "off", f"No Kubo was found: the embedded local store takes over. {how}")
    return Part("Kubo", _run([str(binary), "version", "--number"]), "ok")


def _torch(_: Context) -> Part:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Part("torch", version("torch"), "ok")
    except PackageNotFoundError:
        return Part("torch", "", "bad", _SETUP)


def _chain(context: Context) -> Part:
    section = context.settings.chain
    if section.deployment == ChainSection().deployment and not Path(section.deployment).exists():
        how = "run 'minerva up' or scripts/deploy.py, or name a deployment with --deployment."
        return Part("chain", "", "off", f"None is configured: {how}")
    try:
        chain = context.chain()
        return Part("chain", f"id {chain.chain_id}, block {chain.head().number} at {section.rpc}", "ok")
    except MinervaError as error:
        return Part("chain", section.rpc, "bad", f"{error}{_restart()}")


def _ipfs(context: Context) -> Part:
    url = context.settings.store.url
    if not url:
        return Part("IPFS", "", "off", "No store is configured: run 'minerva up', or name one with --store.")
    try:
        health = context.store().health()
        return Part("IPFS", f"{health.name} {health.version}, {health.peers} peers", "ok")
    except MinervaError as error:
        return Part("IPFS", url, "bad", f"{error}{_restart()}")


def _key(context: Context) -> Part:
    account = context.settings.key.account
    if not account:
        return Part("key", "", "off", "None is configured: name a keystore with --account.")
    try:
        address = context.account_address()
    except MinervaError as error:
        return Part("key", account, "bad", str(error))
    if account.startswith("anvil:"):
        return Part("key", f"{address} ({account}, a public development key)", "ok")
    loose = os.stat(account).st_mode & 0o077
    return _judged("key", address, f"Others can read it: chmod 600 {account}", ok=not loose)


def _disk(context: Context) -> Part:
    folder = context.state.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    remedy = f"Free {_ENOUGH_BYTES >> 30} GiB under {folder}."
    return _judged("disk", f"{free / (1 << 30):.1f} GiB free", remedy, ok=free > _ENOUGH_BYTES)


def _dashboard(_: Context) -> Part:
    root = _root()
    index = root / "webui" / "dist" / "index.html" if root else None
    if index and index.exists():
        return Part("dashboard", str(index.parent), "ok")
    return Part("dashboard", "", "off", "There is no build of the dashboard; nothing else needs it.")


def _restart() -> str:
    """Return what to do about a local stack that was taken down."""
    return " 'minerva up' starts the local stack again." if (STATE_FOLDER / "stack.json").exists() else ""


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
