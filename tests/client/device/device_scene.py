"""A federation in memory with one driven miner, and devices without torch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from eth_abi.abi import encode
from federation_driver import Driver, make_config

from minerva.chain.memory import MemoryActor, MemoryChain
from minerva.device.daemon import Device, DeviceSettings
from minerva.device.journal import Journal
from minerva.device.transport import Transport
from minerva.errors import TaskError
from minerva.learning.training import LocalResult
from minerva.learning.weights import serialize
from minerva.protocol.events import UpdateSubmitted
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec
from minerva.store.memory import MemoryStore

SPEC = (TensorSpec("bias", (2,), "F32"), TensorSpec("weight", (2, 2), "F32"))
SHA = "ab" * 32


@dataclass
class FakeTrainer:
    """Adds the round's number to every weight; counts how often it trained."""

    code: str = SHA
    trained: list[int] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def commitment(self) -> tuple[bytes, int, int]:
        return b"\7" * 32, 100, 1000

    def check(self, manifest: Manifest) -> None:
        if manifest.code_sha256 != self.code:
            raise TaskError("another code", value=manifest.code_sha256)

    def train(self, base: bytes, round_: int) -> LocalResult:
        self.trained.append(round_)
        self.during()
        state: Any = {"bias": np.full(2, round_, np.float32), "weight": np.full((2, 2), round_, np.float32)}
        return LocalResult(state, 100_000, 2_000_000, 1_000_000, 100, 1, 0.5)


class WitnessStore(MemoryStore):
    """Remembers what was on the chain when bytes were put."""

    def __init__(self) -> None:
        super().__init__()
        self.witness: Callable[[], Any] = lambda: None
        self.put_when: list[Any] = []

    def put(self, data: bytes) -> Any:
        self.put_when.append(self.witness())
        return super().put(data)


class Scene:
    """The chain, a driver for its miners, a store, and devices made on demand."""

    def __init__(
        self, folder: Path, *, confidential: bool = False, aggregation: str = "fedavg", **config: object
    ) -> None:
        self.folder = folder
        self.chain = MemoryChain()
        self.store = WitnessStore()
        manifest = Manifest("t", "t", "", "", SPEC, {}, RuleParameters(), aggregation, SHA, "", confidential)
        genesis = serialize({s.name: np.zeros(s.shape, np.float32) for s in SPEC}, {"round": "0"})
        made = make_config(
            self.chain.proof_of_work,
            manifest=self.store.put(manifest.to_bytes()), model=self.store.put(genesis),
            consensus_parameters=encode(("uint64", "uint32"), (1, 1)), **config,
        )  # fmt: skip
        self.store.put_when.clear()
        self.driver = Driver(lambda action, sender: _send(self.chain.actor(sender), action), self.chain)
        self.federation = self.driver.found(made)

    def actor(self, number: int) -> MemoryActor:
        return self.chain.actor(self.driver.device(number))

    def device(self, number: int = 0, actor: Any = None, **changes: Any) -> Device:
        journal = Journal(self.folder / f"device-{number}")
        transport = changes.pop("transport", None) or Transport(self.store, push=False)
        trainer = changes.pop("trainer", None) or FakeTrainer()
        settings = replace(
            DeviceSettings(fetch_seconds=1.0, poll_seconds=0.05, retry_seconds=0.001, rounds=1), **changes
        )
        return Device(
            self.chain, actor or self.actor(number), transport, self.federation, trainer, journal, settings
        )

    def bound(self, number: int = 0) -> str | None:
        """The contract that a device is bound to."""
        info = self.chain.device(self.federation, self.driver.device(number))
        return info.miner if info else None

    def submissions(self, number: int = 0) -> list[UpdateSubmitted]:
        """Records of a device, in chain order."""
        events = [entry.event for entry in self.chain.logs(self.federation)]
        return [
            e for e in events if isinstance(e, UpdateSubmitted) and e.device == self.driver.device(number)
        ]


def _send(actor: MemoryActor, action: Any) -> list[Any]:
    return [entry.event for entry in actor.send(action).logs]


def open_round(scene: Scene, devices: int = 1) -> None:
    """Join a miner and so many devices, and open round 1."""
    scene.driver.join(0)
    for number in range(devices):
        scene.device(number).register()
    scene.driver.tick()


@contextmanager
def running(device: Device) -> Iterator[None]:
    """Run a device in a thread for the length of the block; what it raises is raised here."""
    stop, failures = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            device.run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def await_(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Look every 10 ms until ``condition()``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)
