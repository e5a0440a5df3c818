"""A Kubo node of our own as a child process: private, quiet, and gone with its owner."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from minerva.errors import MinervaError, NodeConflict, StoreError
from minerva.processes import Child, spawn
from minerva.store.cid import CHUNK_BYTES, MAX_LINKS

if TYPE_CHECKING:
    from minerva.store.kubo import KuboStore

MINIMUM_VERSION = (0, 40)
_ANY_PORT = "/ip4/127.0.0.1/tcp/0"
_EAGER_BYTES = 128 << 10  # 20 kB from a peer in 10 ms, not 27
_QUIET = {"IPFS_TELEMETRY": "off", "DO_NOT_TRACK": "1"}


def find_kubo() -> Path | None:
    """Return the ``ipfs`` on PATH when it is new enough, else the one in the project's ``.tools``, if any."""
    on_path = shutil.which("ipfs")
    if on_path is not None and _version(Path(on_path)) >= MINIMUM_VERSION:
        return Path(on_path)
    built = Path(__file__).resolve().parents[3] / ".tools" / "kubo" / "ipfs"
    return built if os.access(built, os.X_OK) else None


class KuboNode:
    """One node: its repository, its process, its RPC address.

    It looks for nobody: no bootstrap peers, no DHT, no telemetry. `connect` is how it meets others.

    Parameters
    ----------
    repo
        Folder of the repository, made when missing.
    binary
        The ``ipfs`` program, from `find_kubo`.
    api, swarm
        Multiaddrs to listen on; port 0 takes a free one. Whoever reaches ``api`` controls the node.
    mdns
        Let nodes of one local network find each other; ``swarm`` must then listen on it.
    storage_max
        When unpinned blocks start to be collected, as Kubo writes sizes.
    gateway
        Multiaddr to serve contents on by HTTP, to be read only; empty: nowhere.
    """

    def __init__(
        self,
        repo: Path,
        binary: Path,
        *,
        api: str = _ANY_PORT,
        swarm: str = _ANY_PORT,
        mdns: bool = False,
        storage_max: str = "10GB",
        gateway: str = "",
    ) -> None:
        self.repo, self._binary = repo.absolute(), binary
        self._api, self._swarm, self._mdns, self._storage_max = api, swarm, mdns, storage_max
        self._gateway = gateway
        self._env = {**_QUIET, "IPFS_PATH": str(self.repo)}
        self._child: Child | None = None

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def start(self, *, timeout: float = 30.0, detached: bool = False) -> Self:
        """Start the daemon and wait until its RPC API answers.

        Parameters
        ----------
        timeout
            Seconds to be ready.
        detached
            Let it outlive this process; `child` has the record to end it by.

        Raises
        ------
        NodeConflict
            Another process uses the repository or a port.
        MinervaError
            The program does not run, or not in time.
        """
        if self._locked():
            raise self._conflict()
        if not (self.repo / "config").exists():
            self._run("init", "--empty-repo", "--profile=test")
        self._configure()
        log_path = self.repo / "daemon.log"
        log_path.unlink(missing_ok=True)
        self._child = child = spawn(
            [self._binary, "daemon", "--migrate=true", "--enable-gc"],
            log_path=log_path,
            env=self._env,
            detached=detached,
        )
        try:
            child.await_ready(lambda: "Daemon is ready" in child.tail(100), timeout)
        except MinervaError as error:
            log = child.tail()
            self.stop()
            if "someone else has the lock" in log or "address already in use" in log:
                raise self._conflict() from error
            raise
        return self

    @property
    def child(self) -> Child:
        """The running daemon; raises `MinervaError` when it was not started."""
        if self._child is None:
            raise MinervaError("the IPFS node is not started", value=self.repo, remedy="Call start first.")
        return self._child

    @property
    def address(self) -> str:
        """Multiaddr of its RPC API, for `KuboStore` and `open_store`."""
        self.child  # noqa: B018 - raises when it was not started
        return (self.repo / "api").read_text().strip()

    @property
    def gateway(self) -> str:
        """Where it serves contents by HTTP: ``<gateway>/ipfs/<cid>``."""
        self.child  # noqa: B018 - raises when it was not started
        return (self.repo / "gateway").read_text().strip()

    def store(self) -> KuboStore:
        """Open a store on it; the caller closes it."""
        from minerva.store.kubo import KuboStore

        return KuboStore(self.address)

    def connect(self, other: KuboNode) -> None:
        """Connect to ``other``, so that each fetches what the other has; raises `StoreError`."""
        here, there = self.store(), other.store()
        try:
            addresses = there.addresses()
            if not addresses:
                raise StoreError("the IPFS node listens nowhere", value=other.repo)
            here.connect(addresses[0])
        finally:
            here.close()
            there.close()

    def stop(self, timeout: float = 10.0) -> None:
        """End the daemon, by force after ``timeout`` seconds; the repository stays."""
        if self._child is not None:
            self._child.terminate(timeout)
            self._child = None

    def _configure(self) -> None:
        """Write our settings over those of the repository, whichever version made it."""
        path = self.repo / "config"
        config: dict[str, Any] = json.loads(path.read_text())
        _merge(
            config,
            {
                "Addresses": {
                    "API": self._api,
                    "Gateway": [self._gateway] if self._gateway else [],
                    "Swarm": [self._swarm],
                },
                "AutoConf": {"Enabled": False},
                "AutoNAT": {"ServiceMode": "disabled"},
                "AutoTLS": {"Enabled": False},
                "Bootstrap": [],
                "Datastore": {"StorageMax": self._storage_max},
                "Discovery": {"MDNS": {"Enabled": self._mdns}},
                "HTTPRetrieval": {"Enabled": False},
                "Import": {
                    "CidVersion": 1,
                    "UnixFSRawLeaves": True,
                    "UnixFSChunker": f"size-{CHUNK_BYTES}",
                    "UnixFSFileMaxLinks": MAX_LINKS,
                },
                # A small block comes with the first answer to a broadcast, not after one more round trip.
                "Internal": {"Bitswap": {"WantHaveReplaceSize": _EAGER_BYTES}},
                "Plugins": {"Plugins": {"telemetry": {"Config": {"Mode": "off"}, "Disabled": True}}},
                "Provide": {"Enabled": False},
                "Routing": {"Type": "none"},
                "Swarm": {
                    "DisableNatPortMap": True,
                    "EnableHolePunching": False,
                    "RelayClient": {"Enabled": False},
                    "RelayService": {"Enabled": False},
                },
                "Version": {"SwarmCheckEnabled": False},
            },
        )
        draft = path.with_name("config.new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(config, indent=2))
        draft.replace(path)

    def _locked(self) -> bool:
        """Whether a daemon runs on the repository: it holds this lock as long as it lives."""
        try:
            with (self.repo / "repo.lock").open("r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _conflict(self) -> NodeConflict:
        return NodeConflict(
            "another process uses this IPFS repository or its ports",
            value=self.repo,
            remedy="Stop it, or give another folder.",
        )

    def _run(self, *arguments: str) -> None:
        """Run one command of the program to its end."""
        self.repo.mkdir(parents=True, exist_ok=True)
        with spawn([self._binary, *arguments], log_path=self.repo / "init.log", env=self._env) as child:
            if child.wait(60.0):
                raise MinervaError(
                    "cannot make an IPFS repository", value=child.tail(1), remedy=f"See {child.log_path}."
                )


def _merge(into: dict[str, Any], settings: dict[str, Any]) -> None:
    for key, value in settings.items():
        if isinstance(value, dict):
            inner = into.get(key)
            into[key] = inner if isinstance(inner, dict) else {}
            _merge(into[key], value)
        else:
            into[key] = value


def _version(binary: Path) -> tuple[int, int]:
    """Ask ``binary`` for its version; (0, 0) when it gives none."""
    try:
        command = [str(binary), "version", "--number"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    found = re.match(r"(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
