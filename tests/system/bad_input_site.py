"""A federation on a real chain with the commands around it: what `test_bad_input` does its mischief to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain_site import Site

from minerva.chain.actor import Web3Actor
from minerva.chain.web3 import Web3Chain
from minerva.config import CreateSection
from minerva.learning.task import load_task, scaffold
from minerva.miner.service import run_miner
from minerva.miner.settings import MinerSettings
from minerva.protocol import actions as act
from minerva.requester import create_federation
from minerva.store import open_store
from minerva.store.port import Store

SECONDS = 60.0
REQUESTER, MINER, HOLDER, DEVICES = 0, 1, 2, 20
"""Which of anvil's accounts does what."""


def eventually(ready: Callable[[], Any], what: str) -> Any:
    """Return the first true value of ``ready()``; fails with ``what`` after a minute."""
    deadline = time.monotonic() + SECONDS
    while not (value := ready()):
        assert time.monotonic() < deadline, f"not within {SECONDS:g} s: {what}"
        time.sleep(0.02)
    return value


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """The one line on standard error, without the program's name."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("minerva: ")

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


class Place:
    """A chain with contracts, a store, a task file and one federation, in a folder of its own."""

    def __init__(self, site: Site, folder: Path, store_url: str, **create: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.site, self.folder, self.store_url = site, folder, store_url
        self.deployment = site.write(folder / "deployment.json")
        self.task_file = folder / "task.py"
        self.task_file.write_text(scaffold("point"), encoding="utf-8")
        self.task = load_task(str(self.task_file))
        self.open = ExitStack()
        self.chain: Web3Chain = self.open.enter_context(closing(Web3Chain(site.node.url, site.deployment)))
        self.store: Store = self.open.enter_context(closing(open_store(store_url)))
        options = {"max_model_bytes": 4096, "difficulty": 1, "target_seconds": 1, **create}
        with self.actor(REQUESTER) as actor:
            made = create_federation(self.chain, actor, self.store, self.task, CreateSection(**options))
        self.federation = made[0]

    def actor(self, number: int) -> Web3Actor:
        """One of anvil's accounts, locked as the commands lock it."""
        from minerva.keys import load_account

        account = load_account(f"anvil:{number}", self.chain.chain_id)
        return self.chain.actor(account, self.folder / f"actor-{number}")

    def send(self, number: int, *actions: act.Action) -> None:
        """Do something as one of anvil's accounts."""
        with self.actor(number) as actor:
            for action in actions:
                actor.send(action)

    def words(self, *given: object, account: int | str = HOLDER) -> list[str]:
        """A command line for this place."""
        spec = account if isinstance(account, str) else f"anvil:{account}"
        return [
            *map(str, given), "--rpc", self.site.node.url, "--deployment", str(self.deployment),
            "--store", self.store_url, "--state", str(self.folder / "state"), "--account", spec,
        ]  # fmt: skip

    def join_miner(self, number: int = MINER) -> str:
        """Join as a miner that a test plays; returns its contract."""
        self.send(number, act.RegisterMiner(self.chain.factory, self.federation, ""))
        return self.chain.miners(self.federation)[-1].contract

    def join_device(self, number: int, miner: str, rate_ns: int = 1000) -> None:
        """Join as a device that a test plays."""
        self.send(number, act.RegisterDevice(self.federation, miner, b"\7" * 32, 100, rate_ns))

    def tick(self) -> None:
        """Do what is due."""
        state = self.chain.state(self.federation)
        self.send(REQUESTER, act.Tick(self.federation, state.round, self.chain.now()))

    def leap(self) -> None:
        """Let the deadline of the running phase pass."""
        left = self.chain.state(self.federation).deadline - self.chain.now()
        self.site.node.rpc("evm_increaseTime", max(1, left + 1))
        self.site.node.rpc("evm_mine")

    def close(self) -> None:
        """Release everything."""
        self.open.close()


@contextmanager
def running_miner(place: Place, number: int = MINER) -> Iterator[str]:
    """Run a real miner in a thread; gives its API's address."""
    stop, ready = threading.Event(), threading.Event()
    urls: list[str] = []
    failures: list[BaseException] = []

    def answer(url: str) -> None:
        urls.append(url)
        ready.set()

    def run() -> None:
        settings = MinerSettings(place.folder / "miner", port=0, tick_delay_seconds=0.05)
        try:
            with place.actor(number) as actor:
                run_miner(
                    place.chain, place.store, actor, place.federation, settings, stop=stop, ready=answer
                )
        except BaseException as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="miner")
    thread.start()
    try:
        assert ready.wait(SECONDS)
        if failures:
            raise failures[0]
        yield urls[0]
    finally:
        stop.set()
        thread.join(SECONDS)
        assert not thread.is_alive()
