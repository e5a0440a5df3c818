"""Job R: rounds of digits among ten devices and three miners, everything real, beside a bare PyTorch loop.

    python benchmarks/round.py [--devices 10] [--rounds 20] [--miners 3] [--json]

Prints the median milliseconds of each phase and of a round, and the ratio to the bare loop, run in this process
with the same model, data, seeds and FedAvg arithmetic, but no chain, no IPFS, no verification. Checks that the
final model is the bare loop's byte for byte. Devices are threads of this process; miners, chain and IPFS nodes
are processes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import torch

from minerva.chain.port import Chain
from minerva.config import CreateSection
from minerva.connect import connect, connect_actor
from minerva.device.daemon import Device
from minerva.device.journal import Journal
from minerva.device.training import TaskTrainer
from minerva.device.transport import Transport
from minerva.keys import ANVIL_CHAIN_ID
from minerva.learning.baseline import bare_fedavg
from minerva.learning.partition import parse
from minerva.learning.task import Task, load_task
from minerva.learning.weights import bytes_to_state, state_to_bytes
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.events import (
    BlockFinalized,
    BlockProposed,
    FederationClosed,
    RoundOpened,
    TrainingClosed,
    VerificationClosed,
)
from minerva.protocol.header import Header
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.records import Address
from minerva.requester import create_federation
from minerva.stack.parts import FIRST_DEVICE_KEY, Stack
from minerva.store import open_store

TAU_PERMILLE = 1_000_000  # rule 3c: ten devices share two cores with everything else
RUN_SECONDS = 600.0


@dataclass
class Stopwatch:
    """When each phase of each round ended, by this process's clock, in seconds."""

    opened: dict[int, float] = field(default_factory=dict)
    marks: dict[str, dict[int, float]] = field(
        default_factory=lambda: {"training": {}, "verification": {}, "mining": {}, "attestation": {}}
    )
    headers: dict[int, Header] = field(default_factory=dict)
    closed: bool = False

    def take(self, event: object) -> None:
        """Note one event."""
        now = time.perf_counter()
        match event:
            case RoundOpened():
                self.opened[event.round] = now
            case TrainingClosed():
                self.marks["training"][event.round] = now
            case VerificationClosed():
                self.marks["verification"][event.round] = now
            case BlockProposed():
                self.marks["mining"][event.round] = now
                self.headers[event.round] = event.header
            case BlockFinalized():
                self.marks["attestation"][event.round] = now
            case FederationClosed():
                self.closed = True

    def phase_ms(self) -> dict[str, float]:
        """Median milliseconds of each phase."""
        before, found = self.opened, {}
        for phase, ends in self.marks.items():
            found[phase] = 1000 * statistics.median(ends[r] - before[r] for r in ends if r in before)
            before = ends
        return found

    def round_ms(self) -> list[float]:
        """Milliseconds of each round, opening to finality."""
        ends = self.marks["attestation"]
        return [1000 * (ends[r] - self.opened[r]) for r in sorted(ends)]


class Memory(threading.Thread):
    """The most that this process and all its children held at one time (sum of RSS), in MiB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mib, self._end = 0.0, threading.Event()

    def run(self) -> None:
        """Look five times a second."""
        own = psutil.Process()
        while not self._end.wait(0.2):
            total = 0
            for process in [own, *own.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    total += process.memory_info().rss
            self.peak_mib = max(self.peak_mib, total / (1 << 20))

    def stop(self) -> float:
        """End and return the peak."""
        self._end.set()
        self.join()
        return self.peak_mib


def main() -> int:
    """Run, print, and fail when the models differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--miners", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="minerva-bench-") as folder:
        result = measure(Path(folder), options.devices, options.rounds, options.miners)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print(f"median round {result['round_ms']:.0f} ms: {result['ratio']:.0f} × the bare loop's")
        print(f"bare loop {result['baseline_ms']:.1f} ms a round")
        print(
            "phases, ms:  " + "  ".join(f"{name} {value:.0f}" for name, value in result["phase_ms"].items())
        )
        print(f"accuracy {result['accuracy']:.4f}, model identical to the bare loop's: {result['identical']}")
        print(
            f"start-up {result['startup_s']:.1f} s, peak memory of all processes {result['peak_mib']:.0f} MiB"
        )
    return 0 if result["identical"] else 1


def measure(folder: Path, devices: int, rounds: int, miners: int) -> dict[str, Any]:
    """Run the job once."""
    started = time.perf_counter()
    memory = Memory()
    memory.start()
    task = load_task("digits")
    (x, y), test = task.load_data()
    parts = parse("iid")(y.numpy(), devices, 0)
    stack = Stack(folder / "stack", say=lambda line: print(line, file=sys.stderr))
    create = CreateSection(
        rounds=rounds, aggregation="fedavg", min_miners=miners, min_devices=devices, max_devices=devices,
        max_joins=devices, min_updates=devices,
        difficulty=20_000, target_seconds=1, training_seconds=120,
    )  # fmt: skip
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack.stop)
        stack.start()
        requester = stack.settings("requester", 0)
        chain = cleanup.enter_context(contextlib.closing(connect(requester)))
        store = cleanup.enter_context(contextlib.closing(open_store(stack.store_urls[0])))
        rules = RuleParameters(tau_permille=TAU_PERMILLE, slow_permille=TAU_PERMILLE)
        federation, _ = create_federation(chain, connect_actor(chain, requester), store, task, create, rules)
        stack.start_miners(miners, federation)
        trainers = [TaskTrainer(task, x[part], y[part], client=c) for c, part in enumerate(parts)]
        startup = time.perf_counter() - started
        with running(stack, federation, trainers) as addresses:
            watch = follow(chain, federation)
        final = store.get(watch.headers[rounds].model, max_bytes=64 << 20, timeout=30)
        bodies = [
            store.get(watch.headers[r].body, max_bytes=MAX_BODY_BYTES, timeout=30)
            for r in range(1, rounds + 1)
        ]
        orders = [order_of(Body.from_bytes(body), addresses) for body in bodies]
    peak = memory.stop()
    baseline, bare = bare_loop(task, parts, orders)
    metrics = task.evaluate_state(bytes_to_state(final, task.spec()), *test)
    rounds_ms = watch.round_ms()
    bare_bytes = state_to_bytes(bare, {"federation": federation, "round": str(rounds)})
    return {
        "devices": devices, "rounds": rounds, "miners": miners, "store": stack.store_kind,
        "round_ms": statistics.median(rounds_ms), "rounds_ms": rounds_ms, "phase_ms": watch.phase_ms(),
        "baseline_ms": baseline,
        "ratio": statistics.median(rounds_ms) / baseline, "accuracy": metrics["accuracy"],
        "loss": metrics["loss"],
        "identical": final == bare_bytes, "startup_s": startup, "peak_mib": peak,
    }  # fmt: skip


@contextlib.contextmanager
def running(stack: Stack, federation: Address, trainers: list[TaskTrainer]) -> Iterator[dict[Address, int]]:
    """Run the devices as threads; yields their numbers by address."""
    stop = threading.Event()
    with contextlib.ExitStack() as cleanup:
        built: list[Device] = []
        for number, trainer in enumerate(trainers):
            settings = stack.settings(
                f"device-{number}", FIRST_DEVICE_KEY + number, store=1, federation=federation
            )
            chain = cleanup.enter_context(contextlib.closing(connect(settings)))
            store = cleanup.enter_context(contextlib.closing(open_store(stack.store_urls[1])))
            journal = Journal(Path(settings.state) / "journal")
            actor = connect_actor(chain, settings)
            transport = Transport(store, local=chain.chain_id == ANVIL_CHAIN_ID)
            built.append(Device(chain, actor, transport, federation, trainer, journal))
        threads = [threading.Thread(target=device.run, args=(stop,), daemon=True) for device in built]
        for thread in threads:
            thread.start()
        try:
            yield {device.actor.address: number for number, device in enumerate(built)}
        finally:
            stop.set()
            for thread in threads:
                thread.join(timeout=30)


def follow(chain: Chain, federation: Address) -> Stopwatch:
    """Watch the federation until it closes."""
    stopwatch = Stopwatch()
    deadline = time.monotonic() + RUN_SECONDS
    with chain.watch(federation) as watch:
        while not stopwatch.closed:
            for log in watch.wait(5.0).added:
                stopwatch.take(log.event)
            if time.monotonic() > deadline:
                raise SystemExit(f"round {len(stopwatch.opened)} did not end within {RUN_SECONDS:.0f} s")
    return stopwatch


def order_of(body: Body, addresses: dict[Address, int]) -> list[int]:
    """Return the devices' numbers in the block's update order, the accepted ones."""
    return [addresses[body.updates[position].device] for position in body.accepted]


def bare_loop(task: Task, parts: list[Any], orders: list[list[int]]) -> tuple[float, dict[str, Any]]:
    """Median milliseconds of a round of the bare loop, and the model it ends with.

    Clients are summed in the blocks' order.
    """
    train, _ = task.load_data()
    times: list[float] = []
    state: dict[str, Any] = {}
    start = time.perf_counter()
    for after in bare_fedavg(task, train, parts, rounds=len(orders), orders=orders):
        now = time.perf_counter()
        times.append(1000 * (now - start))
        start, state = now, after
    return statistics.median(times), state


if __name__ == "__main__":
    sys.exit(main())
