"""Cells on real parts: the demo's stack, with malicious devices in the places of honest ones, and miners that verify."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from minerva.demo.story import DemoOptions, run_demo
from minerva.errors import UserError
from minerva.lab.cell import Outcome
from minerva.lab.settings import Setting
from minerva.protocol.records import Address

if TYPE_CHECKING:
    from minerva.demo.display import Display
    from minerva.demo.observer import Observer


def check(setting: Setting) -> None:
    """Refuse what real parts cannot run."""
    if setting.data is not None:
        raise UserError("real parts have data of their own", value=setting.data, remedy="Leave --data out.")
    if not setting.verify or setting.task != "digits":
        raise UserError(
            "real parts always verify, and train digits",
            value=f"--task {setting.task} {'--verify' if setting.verify else '--no-verify'}",
            remedy="Leave --real out to run it in the lab.",
        )
    setting.check()


def run(setting: Setting, folder: Path, display: Display) -> tuple[dict[str, Any], Observer]:
    """Run a cell; raises and returns as `run_demo`, and its files lie in ``folder``."""
    check(setting)
    honest = setting.devices - setting.malicious
    options = DemoOptions(
        folder, rounds=setting.rounds, epochs=max(1, setting.epochs),
        partition=setting.partition, seed=setting.seed, kill_round=0, aggregation=setting.rule,
        cast=("honest",) * honest + (setting.attack,) * setting.malicious,
    )  # fmt: skip
    return run_demo(options, display)


_MODULES: Mapping[str, Literal["pos", "por"]] = {"silent-proposer": "por", "two-candidates": "pos"}
"""Where a miner's attack needs turns, or a stake to lose."""


def run_miners(
    attack: str, setting: Setting, folder: Path, display: Display
) -> tuple[dict[str, Any], Observer]:
    """Run honest devices among miners of which a minority mounts ``attack`` of `minerva.attacks.miners.MINERS`."""
    check(setting)
    ring = attack == "collusion"
    options = DemoOptions(
        folder, rounds=setting.rounds, epochs=max(1, setting.epochs), partition=setting.partition,
        seed=setting.seed, kill_round=0, aggregation=setting.rule, cast=("honest",) * setting.devices,
        miners=5 if ring else 3, cheating_miners=2 if ring else 1, miner_attack=attack,
        consensus=_MODULES.get(attack, "pow"),
    )  # fmt: skip
    return run_demo(options, display)


def outcome(setting: Setting, summary: dict[str, Any], model: bytes) -> Outcome:
    """Read what came of a cell from the demo's summary and its last model."""
    curve, refused, alarms = [], Counter[str](), Counter[str]()
    known = 0.0
    for entry in summary["rounds"]:
        known = known if entry["accuracy"] is None else entry["accuracy"]
        curve.append(known)
        for item in entry["rejected"]:
            bad = _is_malicious(item["device"], summary["names"])
            (refused if bad else alarms)[item["reason"]] += 1
    success = _success(setting, model)
    return Outcome(
        curve, [] if success is None else [success],
        dict(sorted(refused.items())), dict(sorted(alarms.items())), None,
    )  # fmt: skip


def _is_malicious(device: Address, names: dict[Address, str]) -> bool:
    return names.get(device, "").endswith(")")  # "device-4 (sign-flip)"


def _success(setting: Setting, model: bytes) -> float | None:
    """Return the share of the attack's samples that the model answers as the attacker wants."""
    from minerva.learning.task import load_task
    from minerva.learning.weights import bytes_to_state

    if setting.how.success is None:
        return None
    task = load_task(setting.task)
    x, y = setting.how.success(*task.load_data()[1])
    if not len(x):
        return None
    return round(task.evaluate_state(bytes_to_state(model, task.spec()), x, y)["accuracy"], 6)
