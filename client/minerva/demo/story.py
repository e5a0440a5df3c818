"""The main job.

Six devices, three of them cheating, and three miners, one of them killed, through rounds on real parts.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from minerva.amounts import show_amount
from minerva.chain.port import Chain, Watch
from minerva.config import CreateSection
from minerva.connect import connect, connect_actor
from minerva.demo.display import Display
from minerva.demo.observer import Observer
from minerva.demo.payments import PER_ROUND, pay_out, put_up
from minerva.demo.report import gas_by_action, standing, summarise, write
from minerva.errors import MinervaError
from minerva.protocol.events import BallotCast, Event, RoundOpened, VerificationClosed
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.records import Address
from minerva.requester import create_federation
from minerva.stack.parts import FIRST_DEVICE_KEY, FIRST_MINER_KEY, Stack
from minerva.store import open_store
from minerva.verification.audit import audit

if TYPE_CHECKING:
    from minerva.learning.task import Task

CAST: tuple[str, ...] = ("honest", "honest", "honest", "over-reporter", "copier", "withholder")
KILLED_MINER = 2
STAKES = ("3 ether", "3 ether", "2 ether")
"""By miner, in turn; with proof of stake that is what their words weigh. Without the killed one it is a quorum."""
TAU_PERMILLE = (
    12_000  # rule 3c: twelve processes share two cores while they calibrate, so that later they look fast
)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the demo runs. ``kill_round``: in which a miner is killed (0: in none). ``cast``: kinds of devices.

    ``miner_attack``: what the last ``cheating_miners`` miners do (`minerva.attacks.miners.MINERS`); empty: they are honest.
    """

    folder: Path
    rounds: int = 5
    miners: int = 3
    epochs: int = 5
    partition: str = "dirichlet:0.5"
    seed: int = 1
    kill_round: int = 4
    consensus: Literal["pow", "pos", "por", "committee"] = "pow"
    round_deadline_seconds: float = 180.0
    cast: tuple[str, ...] = CAST
    aggregation: str = "fedavg"
    miner_attack: str = ""
    cheating_miners: int = 1

    @property
    def create(self) -> CreateSection:
        """The federation's parameters: short deadlines, since all run on one machine."""
        return CreateSection(
            rounds=self.rounds, min_miners=min(2, self.miners), min_devices=len(self.cast), min_updates=3,
            training_seconds=60, verification_seconds=8, fetch_seconds=3,
            mining_seconds=30, attestation_seconds=20,
            aggregation=self.aggregation, difficulty=2_000_000, target_seconds=1, consensus=self.consensus,
            committee_size=max(1, self.miners - 1), reward_per_round=PER_ROUND,
            stake_minimum="1 ether" if self.staked else 0, stake_absences=1,
        )  # fmt: skip

    @property
    def staked(self) -> bool:
        """Whether the miners stake."""
        return self.consensus == "pos"


def run_demo(options: DemoOptions, display: Display) -> tuple[dict[str, Any], Observer]:
    """Run it to its end; every process it started is gone when this returns or raises.

    Returns
    -------
    tuple
        The summary (as in ``summary.json``) and the observer, for its names and rounds.

    Raises
    ------
    MinervaError
        A part did not start, or a round did not end in time.
    """
    from minerva.learning.task import load_task

    started = time.monotonic()
    task = load_task("digits")
    stack = Stack(options.folder / "stack", say=display.say)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(stack.stop)
        stack.start()
        requester = stack.settings("requester", 0)
        chain = cleanup.enter_context(contextlib.closing(connect(requester)))
        store = cleanup.enter_context(contextlib.closing(open_store(stack.store_urls[0])))
        rules = RuleParameters(tau_permille=TAU_PERMILLE)
        actor = cleanup.enter_context(connect_actor(chain, requester))
        federation, _ = create_federation(chain, actor, store, task, options.create, rules)
        display.say(f"federation {federation}: {task.title}, {options.rounds} rounds")
        display.say(f"its escrow holds {show_amount(put_up(chain, actor, federation))}")
        if options.staked:
            stack.stakes = {index: STAKES[index % len(STAKES)] for index in range(options.miners)}
        if options.consensus == "committee":  # its members are nodes: the honest devices mine (K9)
            nodes = min(options.miners, options.cast.count("honest"))
            stack.miners_devices = {number: _device(options, number) for number in range(nodes)}
        stack.miners_programs = cheating(options)
        stack.start_miners(options.miners, federation)
        display.say(f"{options.miners} miners are registered and healthy")
        names = _start_devices(stack, chain, federation, options)
        observer = Observer(chain, store, federation, _evaluator(task), display.say, names)
        display.watch(observer)
        killed = _follow(stack, chain, observer, options, display)
        display.say("re-deriving the whole chain from chain and IPFS")
        report = audit(chain, store, federation, timeout=30.0)
        display.say("paying out what everybody earned")
        rewards = pay_out(chain, store, federation, actor, names | _owners(options))
        display.say("training the baselines")
        baseline = _baseline(task, options)
        summary = summarise(
            observer=observer, store=stack.store_kind, gas=gas_by_action(chain, federation),
            verified=report.ok, rewards=rewards,
            first_difference=report.first_difference, baseline=baseline,
            seconds=time.monotonic() - started, killed=killed, stakes=standing(chain, federation, names),
        )  # fmt: skip
        model = store.get(
            chain.state(federation).model, max_bytes=chain.config(federation).max_model_bytes, timeout=30.0
        )
    write(options.folder, summary, model)
    return summary, observer


def _start_devices(
    stack: Stack, chain: Chain, federation: Address, options: DemoOptions
) -> dict[Address, str]:
    from minerva.keys import anvil_address

    owners = _owners(options)
    names = {info.contract: owners[info.owner] for info in chain.miners(federation)} | owners
    for number, kind in enumerate(options.cast):
        name = f"device-{number}"
        if number in stack.miners_devices:
            names[anvil_address(FIRST_MINER_KEY + number)] = name
            continue
        settings = stack.settings(
            name,
            FIRST_DEVICE_KEY + number,
            store=1,
            federation=federation,
            device=_device(options, number),
        )
        stack.run(name, settings, ["minerva.demo.device", kind])
        names[anvil_address(FIRST_DEVICE_KEY + number)] = name if kind == "honest" else f"{name} ({kind})"
    return names


def _owners(options: DemoOptions) -> dict[Address, str]:
    """Return what the story calls the accounts that own miners."""
    from minerva.keys import anvil_address

    cheats = cheating(options)
    return {
        anvil_address(FIRST_MINER_KEY + number): f"miner-{number}"
        + (f" ({options.miner_attack})" if number in cheats else "")
        for number in range(options.miners)
    }


def cheating(options: DemoOptions) -> dict[int, list[str]]:
    """Return what the miners that cheat run, by their number; they know each other, and are against the first device."""
    from minerva.keys import anvil_address

    if not options.miner_attack:
        return {}
    numbers = range(options.miners - options.cheating_miners, options.miners)
    ring = [word for number in numbers for word in ("--ring", anvil_address(FIRST_MINER_KEY + number))]
    victims = ["--victims", anvil_address(FIRST_DEVICE_KEY)]
    return {number: ["minerva.demo.miner", options.miner_attack, *ring, *victims] for number in numbers}


def _device(options: DemoOptions, number: int) -> dict[str, object]:
    """Return the settings of a device, by its number in the cast."""
    return {
        "task": "digits", "partition": options.partition, "clients": len(options.cast), "client": number,
        "seed": options.seed, "epochs": options.epochs, "push": number % 2 == 0,
    }  # fmt: skip


def _follow(
    stack: Stack, chain: Chain, observer: Observer, options: DemoOptions, display: Display
) -> dict[str, Any]:
    killed: dict[str, Any] = {}
    with chain.watch(observer.federation) as watch:
        deadline = time.monotonic() + options.round_deadline_seconds
        while not observer.closed:
            events = _next(watch, observer)
            if observer.settle() or any(isinstance(event, RoundOpened) for event in events):
                deadline = time.monotonic() + options.round_deadline_seconds
            for event in events:
                _act(event, stack, observer, options, killed, display.say)
            _check(stack, killed, deadline, observer)
    observer.settle()
    return killed


def _next(watch: Watch, observer: Observer) -> list[Event]:
    return observer.take(watch.wait(1.0))


def _act(
    event: Event,
    stack: Stack,
    observer: Observer,
    options: DemoOptions,
    killed: dict[str, Any],
    say: Callable[[str], None],
) -> None:
    """Kill one miner when its round opens, start it again when the others decided without it, see it vote."""
    name = f"miner-{KILLED_MINER}"
    match event:
        case RoundOpened(round=options.kill_round) if KILLED_MINER < options.miners:
            os.kill(stack.children[name].pid, signal.SIGKILL)
            killed.update(miner=name, round=event.round, restarted=False, returnedInRound=None)
            say(f"{name} is killed with SIGKILL")
        case VerificationClosed() if killed and not killed["restarted"]:
            stack.start_miner(KILLED_MINER, stack.federation)
            killed["restarted"] = True
            say(f"{name} is started again")
        case BallotCast() if killed and killed["returnedInRound"] is None and event.round > killed["round"]:
            if observer.miner_name(event.index) == name:
                killed["returnedInRound"] = event.round
                say(f"{name} votes again")


def _check(stack: Stack, killed: dict[str, Any], deadline: float, observer: Observer) -> None:
    down = killed.get("miner") if killed and not killed["restarted"] else None
    for name, child in stack.children.items():
        if not child.alive and name != down and not observer.closed and not _ended_well(child):
            raise MinervaError(f"{name} ended early", value=child.tail(1), remedy=f"See {child.log_path}.")
    if time.monotonic() > deadline:
        last = max(observer.rounds, default=0)
        phase = observer.rounds[last].phase if last else "no round opened"
        raise MinervaError(
            "the federation does not go on", value=f"round {last}: {phase}", remedy=f"See {stack.root}/logs."
        )


def _ended_well(child: Any) -> bool:
    return bool(child.wait(1.0) == 0)


def _evaluator(task: Task) -> Callable[[bytes], tuple[float, float]]:
    import torch

    from minerva.learning.weights import bytes_to_state

    torch.set_num_threads(1)
    _, (x, y) = task.load_data()

    def evaluate(model: bytes) -> tuple[float, float]:
        metrics = task.evaluate_state(bytes_to_state(model, task.spec()), x, y)
        return metrics["accuracy"], metrics["loss"]

    return evaluate


def _baseline(task: Task, options: DemoOptions) -> dict[str, list[float]]:
    """Accuracy by round of the same training without a chain.

    All data in one place, and plain FedAvg of the honest devices.
    """
    from minerva.learning.baseline import bare_fedavg, centralised
    from minerva.learning.partition import parse

    train, test = task.load_data()
    parts = parse(options.partition)(train[1].numpy(), len(options.cast), options.seed)
    honest = [number for number, kind in enumerate(options.cast) if kind == "honest"]
    fedavg = bare_fedavg(
        task, train, parts, rounds=options.rounds, epochs=options.epochs, orders=[honest] * options.rounds
    )
    central = centralised(task, train, epochs=options.rounds * options.epochs)
    return {
        "fedavg": [task.evaluate_state(state, *test)["accuracy"] for state in fedavg],
        "centralised": [
            task.evaluate_state(state, *test)["accuracy"]
            for epoch, state in enumerate(central, start=1)
            if epoch % options.epochs == 0
        ],
    }
