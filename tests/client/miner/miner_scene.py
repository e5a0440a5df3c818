"""A federation in memory with real miners in threads, and devices without training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from federation_driver import Driver, make_config, pow_parameters

from minerva.chain.memory import MemoryChain
from minerva.learning.weights import serialize
from minerva.miner.daemon import Miner
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.protocol.events import Event
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec
from minerva.protocol.records import Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_STAKE, FederationState, Phase, Status
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore
from minerva.store.port import Store

SPEC = (TensorSpec("bias", (2,), "F32"), TensorSpec("weight", (8, 4), "F32"))
MAX_BYTES = 4096
Arrays = dict[str, "np.ndarray[Any, Any]"]


def arrays(seed: int) -> Arrays:
    random = np.random.default_rng(seed)
    return {
        "bias": random.standard_normal(2, np.float32),
        "weight": random.standard_normal((8, 4), np.float32),
    }


def eventually(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true value of ``condition``; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.002)
    raise AssertionError(f"not within {seconds} s")


class Running:
    """A miner that runs in a thread."""

    def __init__(self, miner: Miner, ledger: Ledger) -> None:
        self.miner, self.ledger = miner, ledger
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.miner.run(self.stop)
        except BaseException as error:
            self.error = error

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.ledger.close()
        self.miner.close()


class Scene:
    """Owners' numbers are their miners' indices; device d belongs to miner d // devices_each."""

    def __init__(
        self,
        folder: Path,
        *,
        miners: int = 3,
        devices_each: int = 2,
        clock: Callable[[], float] | None = None,
        stake: StakeTerms = NO_STAKE,
        chain: MemoryChain | None = None,
        driver: type[Driver] = Driver,
        aggregation: str = "fedavg",
        **config: Any,
    ) -> None:
        self.folder, self.store = folder, MemoryStore()
        self.chain = chain or MemoryChain(clock=clock)
        self.driver = driver(self._perform, self.chain)
        manifest = Manifest(
            "small", "numbers", "none", "none", SPEC, {}, RuleParameters(), aggregation, "0" * 64, "nobody"
        )
        options: dict[str, Any] = {
            "manifest": self.store.put(manifest.to_bytes()),
            "model": self.store.put(serialize(arrays(0), {})),
            "max_model_bytes": MAX_BYTES,
            "consensus_parameters": pow_parameters(2000, 1),
            "min_devices": miners * devices_each,
        }
        made = make_config(self.chain.proof_of_work, **{**options, **config})
        self.federation = self.driver.found(made, stake=stake)
        self.devices = miners * devices_each
        self.driver.populate(miners, devices_each)
        self.running: dict[int, Running] = {}

    def _perform(self, action: Any, sender: Address) -> list[Event]:
        return [log.event for log in self.chain.actor(sender).send(action).logs]

    @property
    def state(self) -> FederationState:
        return self.chain.state(self.federation)

    # Miners

    def settings(self, number: int, **changes: Any) -> MinerSettings:
        quick: dict[str, Any] = {
            "port": 0,
            "heartbeat_seconds": 0.5,
            "tick_delay_seconds": 0.02,
            "retry_seconds": 0.01,
            "retry_most_seconds": 0.2,
            "fetch_workers": 4,
            "stop_seconds": 5.0,
        }
        return MinerSettings(self.folder / f"miner-{number}", **{**quick, **changes})

    def start(self, number: int, *, store: Store | None = None, **changes: Any) -> Miner:
        settings = self.settings(number, **changes)
        owner = self.driver.owner(number)
        ledger = Ledger(
            settings.state / "miner.sqlite",
            federation=self.federation,
            chain_id=self.chain.chain_id,
            address=owner,
        )
        miner = Miner(
            self.chain,
            store or self.store,
            self.chain.actor(owner),
            self.federation,
            settings=settings,
            ledger=ledger,
        )
        self.running[number] = Running(miner, ledger)
        return miner

    def start_all(self, **changes: Any) -> list[Miner]:
        return [self.start(number, **changes) for number in range(self.state.members.bit_count())]

    def end(self, number: int) -> None:
        self.running.pop(number).end()

    def close(self) -> None:
        for number in list(self.running):
            self.end(number)

    # Devices

    def content(
        self, device: int, seed: int | None = None, *, tensors: Arrays | None = None, **metadata: str
    ) -> bytes:
        round_ = self.state.round
        named = {
            "federation": self.federation,
            "round": str(round_),
            "device": self.driver.device(device),
            **metadata,
        }
        drawn = 1000 * round_ + device + 1 if seed is None else seed
        return serialize(arrays(drawn) if tensors is None else tensors, named)

    def submit(self, device: int, data: bytes | None = None, *, serve: bool = True, **changes: Any) -> bytes:
        data = self.content(device) if data is None else data
        if serve:
            self.store.put(data)
        self.driver.submit(device, **{"cid": cid_of(data), "samples": 100, "compute_us": 100, **changes})
        return data

    def submit_all(self, *but: int) -> None:
        for device in range(self.devices):
            if device not in but:
                self.submit(device)

    # Waiting

    def await_round(self, number: int, seconds: float = 30.0) -> None:
        eventually(lambda: self.state.round >= number and self.state.status is Status.RUNNING, seconds)

    def await_phase(self, phase: Phase, seconds: float = 30.0) -> None:
        eventually(lambda: self.state.phase is phase, seconds)

    def await_height(self, height: int, seconds: float = 30.0) -> None:
        eventually(lambda: self.state.height >= height, seconds)

    def play(self, round_: int) -> None:
        """One round in which every device submits."""
        self.await_round(round_)
        self.submit_all()
        self.await_height(round_)
