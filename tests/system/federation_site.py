"""One federation on real parts: miners are processes, devices threads or processes, and the chain's events the clock.

Every wait has a deadline and fails with what was waited for, where the federation stands, and the last events.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from minerva.chain.web3 import Web3Chain
from minerva.config import CreateSection
from minerva.connect import connect, connect_actor
from minerva.device.daemon import Device, DeviceSettings
from minerva.device.journal import Journal
from minerva.device.training import TaskTrainer
from minerva.device.transport import Transport
from minerva.keys import anvil_address
from minerva.learning.task import Task
from minerva.learning.training import LocalResult
from minerva.protocol.allow_list import AllowList
from minerva.protocol.cid import Cid
from minerva.protocol.events import BlockProposed, Log, RoundOpened
from minerva.protocol.header import Header
from minerva.protocol.manifest import Manifest, RuleParameters
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_STAKE, MinerInfo
from minerva.requester import create_federation
from minerva.stack.parts import FIRST_DEVICE_KEY, FIRST_MINER_KEY, Stack
from minerva.store import open_store
from minerva.store.port import Store

SECONDS = 120.0
"""Deadline of every wait: a hundred times what an idle machine needs."""
LONG = 3000
"""Length of a phase, in seconds of the chain, that no slow machine outlasts; `Site.leap` ends it."""
RULES = RuleParameters(tau_permille=1_000_000, slow_permille=1_000_000)
"""Rule 3c, wide open: on a busy machine an honest device may look a hundred times slower than it is."""

E = TypeVar("E")
_one_at_a_time = threading.Lock()


def eventually(ready: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Look every 20 ms until ``ready()``; fails with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def processes(folder: Path) -> list[str]:
    """Command lines of all processes that name ``folder`` in them or in their environment."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        words = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(process.info["cmdline"] or []))
    return found


class Gate:
    """Holds trainers back, so that a round stays in Training for as long as a test wants."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def open(self) -> None:
        """Let everybody train."""
        self._open.set()

    def close(self) -> None:
        """Hold everybody from now on."""
        self._open.clear()

    def wait(self, stop: threading.Event) -> None:
        """Return when it is open, or ``stop`` is set."""
        while not (self._open.wait(0.1) or stop.is_set()):
            pass


class ThreadTrainer(TaskTrainer):
    """Training for devices that share one process: behind a gate, and one at a time, as random seeds are the process's."""

    def __init__(self, gate: Gate, stop: threading.Event, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._gate, self._stop = gate, stop

    def commitment(self) -> tuple[bytes, int, int]:
        with _one_at_a_time:
            return super().commitment()

    def train(self, base: bytes, round_: int) -> LocalResult:
        self._gate.wait(self._stop)
        with _one_at_a_time:
            return super().train(base, round_)


class TellingTransport(Transport):
    """Remembers who took the bytes."""

    def __init__(self, store: Store | None, *, push: bool = True) -> None:
        super().__init__(store, push=push, local=True)
        self.taken: list[str] = []

    def publish(
        self,
        cid: Cid,
        data: bytes,
        endpoint: str,
        *,
        timeout: float,
        others: Callable[[], Iterable[str]] = tuple,
    ) -> str:
        by = super().publish(cid, data, endpoint, timeout=timeout, others=others)
        self.taken.append(by)
        return by


class DeviceThread:
    """A device of the real kind in a thread of the test's process."""

    def __init__(
        self, device: Device, transport: TellingTransport, stop: threading.Event, miner: str | None
    ) -> None:
        self.device, self.transport = device, transport
        self.error: BaseException | None = None
        self._stop, self._miner = stop, miner
        self._thread = threading.Thread(target=self._run, name=f"device {device.actor.address}", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return self.device.actor.address

    def end(self) -> None:
        """Stop at the next event, and wait for it."""
        self._stop.set()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), f"device {self.address} does not end"

    def _run(self) -> None:
        try:
            self.device.register(self._miner)
            self.device.run(self._stop)
        except BaseException as error:  # a dead thread must be heard of: the next wait raises it
            self.error = error


class Site:
    """A federation on a stack, with the test's own eyes on its chain.

    Parameters
    ----------
    stack
        Where its miners and devices run; it may share chain and stores with others (`beside`).
    allowed
        Who may join, where the policy asks for a list.
    stake
        What its members may stake.
    """

    def __init__(
        self,
        stack: Stack,
        task: Task,
        rules: RuleParameters = RULES,
        allowed: AllowList | None = None,
        stake: StakeTerms = NO_STAKE,
        **create: int | str,
    ) -> None:
        self.stack, self.task, self.allowed = stack, task, allowed
        self._closing = ExitStack()
        self._closing.callback(stack.stop)
        self.gate = Gate()
        self.gate.open()
        self.devices: list[DeviceThread] = []
        self.logs: list[Log] = []
        self._stuck = ""  # tests that share a federation do not all wait for what will not come
        options: dict[str, Any] = {
            "rounds": 1000, "min_miners": 1, "training_seconds": LONG, "verification_seconds": LONG, "fetch_seconds": LONG // 2,
            "mining_seconds": LONG, "attestation_seconds": LONG, "difficulty": 200_000, "target_seconds": 1,
        }  # fmt: skip
        settings = stack.settings("requester", 0)
        self.chain: Web3Chain = self._closing.enter_context(closing(connect(settings)))
        self.stores: list[Store] = [
            self._closing.enter_context(closing(open_store(url))) for url in stack.store_urls
        ]
        with connect_actor(self.chain, settings) as actor:
            section = CreateSection(**(options | stake_options(stake) | create))
            self.address, self.manifest = _create(self, actor, rules, section)
        self._watch = self._closing.enter_context(self.chain.watch(self.address))

    def close(self) -> None:
        """End its devices and processes."""
        self.gate.open()
        try:
            for device in self.devices:
                device.end()
                device.device.actor.close()  # type: ignore[attr-defined]
                device.transport.close()
        finally:
            self._closing.close()

    # -- who takes part ----------------------------------------------------------------------------------------------

    def start_miners(self, count: int, **sections: dict[int, dict[str, object]]) -> None:
        """Start miners 0 to ``count`` - 1 and wait until they are healthy; ``miner`` has settings by number."""
        for number in range(count):
            self.start_miner(number, **sections.get("miner", {}).get(number, {}))
        for number in range(count):
            self.await_miner(number)

    def start_miner(self, number: int, **miner: object) -> None:
        """Start one, on the IPFS node that is its: odd ones use the second."""
        name = f"miner-{number}"
        (self.stack.root / name / "api.json").unlink(missing_ok=True)
        settings = self.stack.settings(
            name,
            FIRST_MINER_KEY + number,
            store=number % 2,
            federation=self.address,
            miner={"port": 0, **miner},
        )
        self.stack.run(name, settings, ["minerva.cli", "miner", "run"])

    def await_miner(self, number: int) -> None:
        """Wait until it is healthy; its API is then in ``stack.endpoints``."""
        self.stack.await_miner(number, SECONDS)

    def miner(self, number: int) -> MinerInfo:
        """What the chain says of it; members get their indices in the order in which they join."""
        owner = anvil_address(FIRST_MINER_KEY + number)
        return next(info for info in self.chain.miners(self.address) if info.owner == owner)

    def kill(self, name: str) -> None:
        """Send SIGKILL to one of the stack's processes, and wait for its end."""
        child = self.stack.children[name]
        os.kill(child.pid, signal.SIGKILL)
        child.wait(SECONDS)

    def add_device(
        self,
        number: int,
        x: Any,
        y: Any,
        *,
        kind: type[Device] = Device,
        store: int | None = 0,
        push: bool = True,
        epochs: int = 1,
        miner: str | None = None,
        canary: bool = False,
    ) -> DeviceThread:
        """Let a device take part in a thread, with the data given; ``store`` None gives it HTTP only."""
        settings = self.stack.settings(f"device-{number}", FIRST_DEVICE_KEY + number)
        stop = threading.Event()
        transport = TellingTransport(None if store is None else self.stores[store], push=push)
        device = kind(
            self.chain, connect_actor(self.chain, settings), transport, self.address,
            ThreadTrainer(self.gate, stop, self.task, x, y, client=number, epochs=epochs, canary=canary),
            Journal(Path(settings.state) / "journal"),
            DeviceSettings(fetch_seconds=SECONDS, poll_seconds=1.0, canary=canary),
        )  # fmt: skip
        thread = DeviceThread(device, transport, stop, miner)
        self.devices.append(thread)
        return thread

    def start_device(self, number: int, *, store: int = 0, **device: object) -> str:
        """Start a device as a process; returns its name among the stack's children."""
        name = f"device-{number}"
        settings = self.stack.settings(
            name,
            FIRST_DEVICE_KEY + number,
            store=store,
            federation=self.address,
            device={"client": number, **device},
        )
        self.stack.run(name, settings, ["minerva.cli", "device", "run"])
        return name

    # -- what happens ------------------------------------------------------------------------------------------------

    def until(self, kind: type[E], seconds: float = SECONDS, **fields: object) -> tuple[E, Log]:
        """Wait for the first event of this kind and with these fields, also among those of the past."""
        found = [log for log in self.logs if _fits(log, kind, fields)]
        deadline = time.monotonic() + seconds
        while not found:
            assert not self._stuck, f"an earlier wait was in vain: {self._stuck}"
            if time.monotonic() > deadline:
                self._stuck = f"no {kind.__name__} with {fields} within {seconds:g} s: {self.situation()}"
                pytest.fail(self._stuck)
            self._check()
            found = [log for log in self.look(1.0) if _fits(log, kind, fields)]
        return found[0].event, found[0]  # type: ignore[return-value]

    def look(self, seconds: float = 0.0) -> list[Log]:
        """Take in what is new on the chain; what it took back is forgotten."""
        change = self._watch.wait(seconds)
        gone = {(log.block_hash, log.log_index) for log in change.removed}
        self.logs = [log for log in self.logs if (log.block_hash, log.log_index) not in gone] + list(
            change.added
        )
        return list(change.added)

    def all(self, kind: type[E], **fields: object) -> list[E]:
        """Events of a kind that the chain has now."""
        return [log.event for log in self.chain.logs(self.address) if _fits(log, kind, fields)]  # type: ignore[misc]

    def headers(self) -> dict[bytes, Header]:
        """Every candidate by its hash."""
        return {event.hash: event.header for event in self.all(BlockProposed)}

    def round(self) -> int:
        """The open round, from the logs."""
        self.look()
        return max((log.event.round for log in self.logs if isinstance(log.event, RoundOpened)), default=0)

    def leap(self) -> None:
        """Let the running phase's deadline pass on the chain."""
        anvil = self.stack.anvil
        assert anvil is not None
        anvil.rpc("evm_increaseTime", max(1, self.chain.state(self.address).deadline - self.chain.now() + 1))
        anvil.rpc("evm_mine")

    def fetch(self, cid: Cid, store: int = 0) -> bytes:
        """Bytes from IPFS."""
        return self.stores[store].get(cid, max_bytes=1 << 26, timeout=SECONDS)

    def situation(self) -> str:
        """Where the federation stands, for messages."""
        state = self.chain.state(self.address)
        last = ", ".join(f"{type(log.event).__name__}@{log.block_number}" for log in self.logs[-8:])
        dead = [name for name, child in self.stack.children.items() if not child.alive]
        return (
            f"{state.status.name}, round {state.round}, {state.phase.name}, voted {state.voted:b} of {state.snapshot:b};"
            f" last events: {last}; ended: {dead}; logs in {self.stack.root / 'logs'}"
        )

    def _check(self) -> None:
        for device in self.devices:
            if device.error is not None:
                raise AssertionError(f"device {device.address} failed: {self.situation()}") from device.error


def beside(stack: Stack, root: Path) -> Stack:
    """A stack in a folder of its own on another one's chain, stores and contracts; stopping it leaves those alone."""
    root.mkdir(parents=True)
    shutil.copy(stack.deployment, root / "deployment.json")
    return Stack(
        root, store_urls=stack.store_urls, store_kind=stack.store_kind, anvil=stack.anvil, nodes=stack.nodes
    )


@contextmanager
def site(stack: Stack, task: Task, **options: Any) -> Iterator[Site]:
    """A federation that ends with the block."""
    made = Site(stack, task, **options)
    try:
        yield made
    finally:
        made.close()


def stake_options(terms: StakeTerms) -> dict[str, Any]:
    """Return the options of a federation that wants this staked."""
    return {} if terms == NO_STAKE else {"stake": True} | {f"stake_{k}": v for k, v in asdict(terms).items()}


def _create(made: Site, actor: Any, rules: RuleParameters, options: CreateSection) -> tuple[str, Manifest]:
    return create_federation(made.chain, actor, made.stores[0], made.task, options, rules, made.allowed)


def _fits(log: Log, kind: type[Any], fields: dict[str, object]) -> bool:
    return isinstance(log.event, kind) and all(
        getattr(log.event, name) == value for name, value in fields.items()
    )
