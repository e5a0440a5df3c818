"""The virtual environment: everything in requirements.lock, and `minerva` itself as an editable install."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from common import CACHE, ROOT, TOOLS, VENV, SetupError, Stamp, answers, run, say

LOCK = ROOT / "requirements.lock"
UV = TOOLS / "uv" / "bin" / "uv"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"

CUDA_ONLY = re.compile(r"(nvidia|cuda)-|triton$")
"""Packages of the lock that only torch's CUDA build needs."""

UV_ENV = {
    "UV_CACHE_DIR": str(CACHE / "uv"),
    "UV_HTTP_TIMEOUT": "60",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_PROGRESS": "1",
    # The system's certificates, so that an organisation's proxy is trusted.
    "UV_SYSTEM_CERTS": "1",
    "VIRTUAL_ENV": str(VENV),
    # Brownie's compiled build breaks coverage, stateful tests and cmd_settings.
    "BROWNIE_NOCOMPILE": "1",
}


def requirements() -> dict[str, str]:
    """Return the lock's blocks by package name: the pinned version's line and its hashes."""
    blocks: dict[str, str] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", LOCK.read_text(), flags=re.MULTILINE):
        if match := re.match(r"([A-Za-z0-9._-]+)==", block):
            name = match[1].lower()
            blocks[name] = blocks.get(name, "") + block
    return blocks


def torch_build() -> str:
    """Return which build of torch to install: `cpu` or `pypi`.

    `MINERVA_TORCH` decides where it is set (`cpu`, `pypi`). Otherwise Linux takes the CPU build, gigabytes
    smaller, where its index answers; elsewhere PyPI's build is that one.
    """
    wanted = os.environ.get("MINERVA_TORCH", "auto")
    if wanted not in ("auto", "cpu", "pypi"):
        raise SetupError(f"MINERVA_TORCH is {wanted!r}: give 'auto', 'cpu' or 'pypi'")
    if wanted == "auto":
        return "cpu" if sys.platform == "linux" and answers(f"{TORCH_CPU_INDEX}/torch/") else "pypi"
    return wanted


def install_uv(block: str) -> None:
    """Install the locked uv, checked against the lock's hashes, beside the virtual environment."""
    stamp = Stamp("uv", block)
    if stamp.note is not None and UV.exists():
        return
    say("python", "installing uv")
    stamp.clear()
    home = TOOLS / "uv"
    shutil.rmtree(home, ignore_errors=True)
    # Pip asks for rustc's version, and rustup's rustc would leave a folder in the home.
    env = {"RUSTUP_HOME": str(TOOLS / "home" / ".rustup")}
    try:
        run([sys.executable, "-m", "venv", home], what="making a virtual environment", timeout=120, env=env)
    except SetupError as error:
        raise SetupError(f"{error}; on Debian and Ubuntu install python3.11-venv") from error
    wanted = CACHE / "uv.txt"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.write_text(block)
    pip: list[str | Path] = [
        home / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-cache-dir",
    ]
    command: list[str | Path] = [
        *pip,
        "--timeout",
        "30",
        "install",
        "--only-binary=:all:",
        "--require-hashes",
        "-r",
        wanted,
    ]
    run(command, what="installing uv from PyPI", timeout=300, attempts=3, env=env)
    stamp.write("done")


def install(wanted: dict[str, str], build: str) -> None:
    """Fill a fresh virtual environment."""
    cpu = build == "cpu"
    if cpu:
        wanted = {n: b for n, b in wanted.items() if n != "torch" and not CUDA_ONLY.match(n)}
    listed = CACHE / "requirements.txt"
    listed.write_text("".join(wanted.values()))
    shutil.rmtree(VENV, ignore_errors=True)
    run([UV, "venv", "--quiet", "--python", sys.executable, VENV], what="uv venv", timeout=60, env=UV_ENV)
    # The few packages that come as source are built with the lock's setuptools, not with the newest.
    builders = CACHE / "builders.txt"
    builders.write_text(wanted["setuptools"] + wanted["wheel"])
    first: list[str | Path] = [
        UV,
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        "--requirements",
        builders,
    ]
    run(first, what="installing setuptools", timeout=300, attempts=3, env=UV_ENV)
    sync: list[str | Path] = [
        UV,
        "pip",
        "sync",
        "--require-hashes",
        "--no-build-isolation",
        "--no-binary",
        "eth-brownie",
    ]
    run([*sync, listed], what="installing the Python packages", timeout=2400, attempts=3, env=UV_ENV)
    if cpu:
        version = requirements()["torch"].split()[0].removeprefix("torch==")
        say("python", f"installing torch {version} for the CPU")
        torch: list[str | Path] = [UV, "pip", "install", "--no-deps", "--index-url", TORCH_CPU_INDEX]
        torch += [f"torch=={version}+cpu"]
        run(torch, what="installing torch's CPU build", timeout=1200, attempts=3, env=UV_ENV)


def check() -> str:
    """Make the virtual environment what the lock says; return a line about it."""
    blocks = requirements()
    install_uv(blocks.pop("uv"))
    note = check_packages(blocks)
    check_minerva(note)
    return note


def check_packages(blocks: dict[str, str]) -> str:
    """Install the locked packages; return a line about them."""
    wanted = os.environ.get("MINERVA_TORCH", "auto")
    stamp = Stamp("packages", LOCK, Path(sys.executable).resolve().as_posix(), wanted)
    if stamp.note is not None and (VENV / "bin" / "python").exists():
        return stamp.note
    stamp.clear()
    build = torch_build()
    say("python", f"installing {len(blocks)} packages (torch: {build} build), a minute or more at first")
    try:
        install(blocks, build)
    except SetupError as error:
        if build == "pypi" or wanted == "cpu":
            raise
        say("python", f"{error}; taking PyPI's build instead")
        build = "pypi"
        install(blocks, build)
    note = f"Python {sys.version.split()[0]}, {len(blocks)} locked packages, torch's {build} build"
    stamp.write(note)
    return note


def check_minerva(packages: str) -> None:
    """Install `minerva` itself, editable, and check that the lock has all it depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    described = json.dumps([project["build-system"], project["project"], project["tool"]["setuptools"]])
    stamp = Stamp("minerva", LOCK, described, packages)
    if stamp.note is not None and next(VENV.glob("lib/*/site-packages/minerva-*.dist-info"), None):
        return
    stamp.clear()
    editable: list[str | Path] = [UV, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    editable += ["--editable", ROOT]
    run(editable, what="installing minerva itself", timeout=300, attempts=2, env=UV_ENV)
    check_requirements(project["tool"]["uv"]["override-dependencies"])
    stamp.write("done")


def check_requirements(overridden: list[str]) -> None:
    """Check that the lock has all that its packages ask for, but for what pyproject.toml leaves out."""
    out = {re.split(r"[^A-Za-z0-9._-]", entry)[0] for entry in overridden}
    command = [str(UV), "pip", "check"]
    env = {**os.environ, **UV_ENV}
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, cwd=ROOT)
    said = result.stdout + result.stderr
    lacking = {
        found[1]: found[0] for found in re.finditer(r"^The package .* requires `([\w.-]+).*$", said, re.M)
    }
    wrong = [line for name, line in lacking.items() if name not in out]
    if result.returncode and (wrong or not lacking):
        problem = wrong[0] if wrong else said.strip()[-200:]
        raise SetupError(f"the lock does not fit pyproject.toml ('make lock' writes it anew): {problem}")
