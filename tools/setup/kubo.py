"""The IPFS node Kubo: one on PATH, else the official release, else built with Go, else none.

To move to another version: `cd tools/kubo && go get -tool github.com/ipfs/kubo/cmd/ipfs@vX.Y.Z`, then put
that release's checksums (`kubo_vX.Y.Z_<platform>.tar.gz.sha512` beside each archive) in `RELEASE_SHA512`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tarfile
import time
import urllib.request
from pathlib import Path

from common import CACHE, RETRY_DELAYS, ROOT, TOOLS, SetupError, Stamp, answers, run, say

LEAST = (0, 40)
SOURCE = ROOT / "tools" / "kubo"
PROGRAMME = TOOLS / "kubo" / "ipfs"
PACKAGE = "github.com/ipfs/kubo/cmd/ipfs"
RELEASES = "https://dist.ipfs.tech/kubo"
DOWNLOAD_SECONDS = 300.0
BUILD_SECONDS = 3600.0

RELEASE_SHA512 = {
    "linux-amd64": "6af21cd24a307d94326807b3d3827064c74fb7122f83b6940af250e6ae40da25"
    "0e0ec0e1f3551256b78cd204623ed56c32ce735bbe28bdcc787b36943c52458a",
    "linux-arm64": "aae6c766ec2436f27bbd2d6ab5f8de7d2ced4dc83abc5b54b17bd58a80c28f1e"
    "a2e38840305e22f08bd01c55cf8263745675da1bbda2ac0bcde268e9e61e3818",
    "darwin-arm64": "2377bc886b340087b20d5a9bdd025e5a6ed4b7e910ac04fa0d0e26f5b7e189b3"
    "1a33f6cc682c0aaec2695a65b8a38d1f5bfce505c2948c0ea08ee64009034ef6",
}
"""SHA-512 of the official archives of the version in go.mod. A platform without one never downloads."""


def pinned_version() -> str:
    """Return the version that go.mod pins, such as `0.43.0`."""
    match = re.search(r"github\.com/ipfs/kubo v([\d.]+)", (SOURCE / "go.mod").read_text())
    if match is None:
        raise SetupError(f"{SOURCE / 'go.mod'} names no version of github.com/ipfs/kubo: restore the file")
    return match[1]


def version_of(programme: str | Path) -> str | None:
    """Return the version of an `ipfs` programme, or None if it does not run."""
    command = [str(programme), "version", "--number"]
    env = {**os.environ, "IPFS_PATH": str(TOOLS / "kubo" / "no-repository")}
    try:
        answer = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = answer.stdout.strip()
    return version if re.match(r"\d+\.\d+\.", version) else None


def from_path() -> str | None:
    """Link the user's own Kubo, if it is new enough."""
    found = shutil.which("ipfs")
    version = version_of(found) if found else None
    if found is None or version is None:
        return None
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST:
        say("kubo", f"{found} is {version}, older than {LEAST[0]}.{LEAST[1]}: not used")
        return None
    PROGRAMME.symlink_to(found)
    return f"Kubo {version} from {found}"


def platform_name() -> str:
    """Return this platform as Kubo's archives name it, such as `linux-amd64`."""
    machine = platform.machine().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}-{machine}"


def from_release(version: str) -> str | None:
    """Download the official release, if this platform's checksum is pinned and the host answers."""
    target = platform_name()
    if target not in RELEASE_SHA512:
        say("kubo", f"no checksum is pinned for the release for {target}: not downloaded")
        return None
    url = f"{RELEASES}/v{version}/kubo_v{version}_{target}.tar.gz"
    if not answers(url):
        say("kubo", f"{url} is not reachable: the release is not downloaded")
        return None
    archive = CACHE / "kubo.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    say("kubo", f"downloading {url}")
    for delay in (*RETRY_DELAYS, None):
        try:
            download(url, archive)
            break
        except OSError as error:
            say("kubo", f"download failed: {error}")
            if delay is None:
                return None
            time.sleep(delay)
    with open(archive, "rb") as file:
        found = hashlib.file_digest(file, "sha512").hexdigest()
    if found != RELEASE_SHA512[target]:
        archive.unlink()
        say(
            "kubo",
            f"{url} has SHA-512 {found[:16]}…, not the pinned {RELEASE_SHA512[target][:16]}…: thrown away",
        )
        return None
    fresh = PROGRAMME.with_suffix(".new")
    with tarfile.open(archive) as bundle:
        member = bundle.extractfile("kubo/ipfs")
        if member is None:
            return None
        with open(fresh, "wb") as target_file:
            shutil.copyfileobj(member, target_file)
    archive.unlink()
    fresh.chmod(0o755)
    fresh.replace(PROGRAMME)
    return f"Kubo {version}, the official release"


def download(url: str, to: Path) -> None:
    """Write what `url` gives into a file, within `DOWNLOAD_SECONDS`."""
    until = time.monotonic() + DOWNLOAD_SECONDS
    with urllib.request.urlopen(url, timeout=20) as answer, open(to, "wb") as file:
        while chunk := answer.read(1 << 20):
            file.write(chunk)
            if time.monotonic() > until:
                raise TimeoutError(f"no end within {DOWNLOAD_SECONDS:.0f} s")


def from_source(version: str) -> str | None:
    """Build Kubo with Go; go.mod and go.sum pin every module of it."""
    if shutil.which("go") is None:
        say("kubo", "Go is not on PATH: not built")
        return None
    say("kubo", f"building Kubo {version} with Go: about 5 minutes, once")
    folders = {name: TOOLS / "go" / name for name in ("path", "modules", "build", "temporary", "home")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    env = {
        "GOPATH": str(folders["path"]),
        "GOMODCACHE": str(folders["modules"]),
        "GOCACHE": str(folders["build"]),
        "GOTMPDIR": str(folders["temporary"]),
        # Without -modcacherw the module cache is read-only and 'make clean' cannot remove it.
        "GOFLAGS": "-modcacherw -mod=readonly -buildvcs=false",
        "GOWORK": "off",
        "GOTOOLCHAIN": "auto",
        # Go keeps telemetry and settings under the home; the user's settings are still read.
        "HOME": str(folders["home"]),
        "XDG_CONFIG_HOME": str(folders["home"]),
        "GOENV": os.environ.get("GOENV") or str(Path.home() / ".config" / "go" / "env"),
        "CGO_ENABLED": "0",
    }
    fresh = PROGRAMME.with_suffix(".new")
    try:
        fetch = ["go", "mod", "download"]
        run(fetch, what="downloading Kubo's modules", timeout=900, attempts=3, env=env, cwd=SOURCE)
        build: list[str | Path] = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", fresh, PACKAGE]
        run(build, what="building Kubo", timeout=BUILD_SECONDS, env=env, cwd=SOURCE)
    except SetupError as error:
        say("kubo", str(error))
        return None
    fresh.replace(PROGRAMME)
    # Gigabytes that nothing needs again; a build cut short keeps them and goes on from there.
    shutil.rmtree(TOOLS / "go", ignore_errors=True)
    return f"Kubo {version}, built with Go"


def check() -> str:
    """Put an IPFS node at `.tools/kubo/ipfs`, if any can be had; return a line about it."""
    version = pinned_version()
    stamp = Stamp("kubo", SOURCE / "go.mod", SOURCE / "go.sum")
    note = stamp.note
    if note is not None and (PROGRAMME.exists() or not note.startswith("Kubo")):
        return note
    stamp.clear()
    PROGRAMME.parent.mkdir(parents=True, exist_ok=True)
    PROGRAMME.unlink(missing_ok=True)
    note = from_path() or from_release(version) or from_source(version)
    if note is not None and version_of(PROGRAMME) is None:
        PROGRAMME.unlink()
        raise SetupError(f"{note}: {PROGRAMME} does not run: run 'make setup' again")
    if note is None:
        note = f"no Kubo: the embedded local store takes over (to try again: rm '{stamp.path}' && make setup)"
    stamp.write(note)
    return note
