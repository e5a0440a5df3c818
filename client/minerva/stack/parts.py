"""The parts of a local stack and how each is started: chain, IPFS network, contracts, miners, devices."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from minerva.config import Settings
from minerva.errors import MinervaError, StoreError
from minerva.paths import project_root
from minerva.processes import Child, spawn
from minerva.store.node import KuboNode, find_kubo

if TYPE_CHECKING:
    from minerva.chain.dev import AnvilNode

log = logging.getLogger(__name__)

FIRST_MINER_KEY = 1
FIRST_DEVICE_KEY = 20
DEPLOY_SECONDS = 300.0
READY_SECONDS = 180.0

Say = Callable[[str], None]


def ignore(_: str) -> None:
    """Say nothing."""


@dataclass
class Stack:
    """A chain, a content network and what runs on them, under one folder.

    Parameters
    ----------
    root
        Everything it makes lies here: the chain's state, the IPFS repositories, the deployment, ledgers,
        journals, logs.
    detached
        Its processes outlive this one (`minerva up`); else they die with it.
    say
        Told each step in words.

    Attributes
    ----------
    miners_devices
        The device's settings of those miners that are nodes, by their number.
    miners_programs
        What runs in the place of `minerva miner run`, for some: a module and its arguments.
    """

    root: Path
    detached: bool = False
    say: Say = ignore
    children: dict[str, Child] = field(default_factory=dict)
    store_urls: list[str] = field(default_factory=list)
    store_kind: str = "kubo"
    anvil: AnvilNode | None = None
    nodes: list[KuboNode] = field(default_factory=list)
    endpoints: dict[int, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    federation: str = ""
    stakes: dict[int, str] = field(default_factory=dict)
    """What miners hold at stake, by index; the federation's minimum where nothing is said."""
    miners_devices: dict[int, dict[str, object]] = field(default_factory=dict)
    miners_programs: dict[int, list[str]] = field(default_factory=dict)

    @property
    def rpc(self) -> str:
        """RPC address of the chain."""
        if self.anvil is None:
            raise MinervaError("the chain is not started", value=self.root)
        return self.anvil.url

    @property
    def gateway(self) -> str:
        """Where contents are served by HTTP; empty with the embedded store."""
        return self.nodes[0].gateway if self.nodes else ""

    @property
    def deployment(self) -> Path:
        """The file with addresses and ABIs."""
        return self.root / "deployment.json"

    def start(self) -> None:
        """Start chain and stores, and deploy the contracts."""
        self.start_chain()
        self.start_stores()
        self.deploy()

    def start_miners(self, count: int, federation: str) -> None:
        """Start ``count`` miners of the federation and wait until all are healthy."""
        for index in range(count):
            self.start_miner(index, federation)
        for index in range(count):
            self.await_miner(index)

    def start_chain(self) -> None:
        """Start anvil on its persisted state."""
        from minerva.chain.dev import AnvilNode

        self.say("starting the chain (anvil)")
        self.anvil = AnvilNode(self.root / "chain", port=self.ports.get("chain", 0))
        self.anvil.start(detached=self.detached)
        self.children["chain"] = self.anvil.child

    def start_stores(self) -> None:
        """Start two connected Kubo nodes, or say that the embedded store takes over."""
        binary = find_kubo()
        if binary is None:
            self._fall_back("no Kubo was found or built")
            return
        self.say("starting the IPFS network (two Kubo nodes)")
        try:
            for name in ("ipfs-a", "ipfs-b"):
                port = self.ports.get(name, 0)
                # Browsers read contents from the first one.
                gateway = f"/ip4/127.0.0.1/tcp/{self.ports.get('gateway', 0)}" if name == "ipfs-a" else ""
                node = KuboNode(self.root / name, binary, api=f"/ip4/127.0.0.1/tcp/{port}", gateway=gateway)
                self.nodes.append(node.start(detached=self.detached))
                self.children[name] = node.child
            self.nodes[1].connect(self.nodes[0])
        except (StoreError, MinervaError) as error:
            for node in self.nodes:
                node.stop()
            self.nodes.clear()
            if self.detached and (self.root / "ipfs-a" / "config").exists():
                raise
            self._fall_back(str(error))
            return
        self.store_urls = [f"kubo:{node.address}" for node in self.nodes]

    def _fall_back(self, why: str) -> None:
        folder = self.root / "store"
        self.store_kind, self.store_urls = "local", [f"local:{folder}"] * 2
        self.say(f"IPFS is not available ({why}): the embedded local store takes over")

    def deploy(self) -> None:
        """Deploy the contracts by scripts/deploy.py under brownie, unless they are there."""
        if self.deployment.exists() and self._deployed():
            return
        self.say("deploying the contracts (brownie run scripts/deploy.py)")
        root = project_root()
        environment = {
            "MINERVA_RPC_URL": self.rpc,
            "MINERVA_DEPLOYMENT": str(self.deployment.absolute()),
        }
        with spawn(
            [root / "tools" / "run", "brownie", "run", "scripts/deploy.py", "--network", "local"],
            log_path=self.root / "logs" / "deploy.log",
            env=environment,
            cwd=root,
        ) as child:
            if child.wait(DEPLOY_SECONDS) or not self.deployment.exists():
                raise MinervaError(
                    "the contracts were not deployed", value=child.tail(1), remedy=f"See {child.log_path}."
                )

    def _deployed(self) -> bool:
        from minerva.chain.web3 import Web3Chain
        from minerva.errors import ChainError

        try:
            Web3Chain.connect(self.rpc, self.deployment).close()
        except ChainError:
            return False
        return True

    def settings(
        self, name: str, key: int, *, store: int = 0, federation: str = "", **sections: dict[str, object]
    ) -> Settings:
        """Return the configuration of one actor of this stack.

        Parameters
        ----------
        name
            Folder of its state, under ``root``.
        key
            Which of anvil's accounts signs.
        store
            Which of the two stores it uses.
        """
        return Settings.model_validate(
            {
                "state": str((self.root / name).absolute()),
                "federation": federation,
                "chain": {"rpc": self.rpc, "deployment": str(self.deployment.absolute())},
                "store": {"url": self.store_urls[store]},
                "key": {"account": f"anvil:{key}"},
                **sections,
            }
        )

    def run(self, name: str, settings: Settings, words: Sequence[str]) -> Child:
        """Start a `minerva` process with its own configuration file and log."""
        folder = Path(settings.state)
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "minerva.toml"
        config.write_text(settings.to_toml(), encoding="utf-8")
        child = spawn(
            [sys.executable, "-m", *words, "--config", config, "--verbose"],
            log_path=self.root / "logs" / f"{name}.log",
            env={"OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": self._compiled()},
            detached=self.detached,
        )
        self.children[name] = child
        return child

    def start_miner(self, index: int, federation: str) -> Child:
        """Start miner ``index`` of the federation; odd ones use the second IPFS node."""
        self.federation = federation
        name = f"miner-{index}"
        port_file = self.root / name / "api.json"
        port_file.unlink(missing_ok=True)
        device = self.miners_devices.get(index)
        settings = self.settings(
            name,
            FIRST_MINER_KEY + index,
            store=index % 2,
            federation=federation,
            miner={"port": self.ports.get(name, 0), "stake": self.stakes.get(index, "")},
            **({} if device is None else {"device": device}),
        )
        usual = ["minerva.cli", "miner" if device is None else "node", "run"]
        return self.run(name, settings, self.miners_programs.get(index, usual))

    def await_miner(self, index: int, timeout: float = READY_SECONDS) -> None:
        """Wait until miner ``index`` answers `/health` with 200; its address is then in ``endpoints``."""
        name = f"miner-{index}"
        port_file = self.root / name / "api.json"

        def healthy() -> bool:
            try:
                url = json.loads(port_file.read_text())["url"]
                if requests.get(f"{url}/health", timeout=2).status_code != 200:
                    return False
            except (OSError, ValueError, KeyError, requests.RequestException):
                return False
            self.endpoints[index] = url
            return True

        self.children[name].await_ready(healthy, timeout)

    def stop(self) -> None:
        """End every process of this stack, the actors before the nodes they use."""
        nodes = ("chain", "ipfs-a", "ipfs-b")
        for name in sorted(self.children, key=lambda name: name in nodes):
            try:
                if name == "chain" and self.anvil is not None:
                    self.anvil.stop()  # with it what saves its state
                else:
                    self.children[name].terminate(10.0)
            except MinervaError as error:
                log.error("%s", error)
        self.children.clear()

    def _compiled(self) -> str:
        """Where compiled code is kept.

        The checkout's own cache, so that it is compiled once and not for each stack.
        """
        shared = project_root() / ".tools" / "cache"
        return os.environ.get("NUMBA_CACHE_DIR") or str(
            (shared if os.access(shared, os.W_OK) else self.root) / "numba"
        )

    def free_bytes(self) -> int:
        """Free space where this stack lies."""
        folder = self.root
        while not folder.exists():
            folder = folder.parent
        return shutil.disk_usage(folder).free
