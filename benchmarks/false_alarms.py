"""How often rules 4 and 5 refuse honest devices, and how seldom cheats: simulated rounds of a bundled task.

Run: tools/run python benchmarks/false_alarms.py [--rounds 1000] [--partition iid] [--devices 20] [--task digits]
    [--rule nnm+geometric_median+fedavgm] [--epochs 1]
Each round trains every device for real (side by side where the task allows), from the global model to which
the aggregation rule has taken the federation. It is then judged by the code that miners run: once as it is, and
once more for each cheat, with a cheat's update at its end. docs/verification.md holds the figures.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import torch

from minerva.errors import UserError
from minerva.lab.settings import DEFAULT
from minerva.lab.training import Deltas, trainer_for
from minerva.learning.aggregation import rule
from minerva.learning.aggregation.optimisers import State
from minerva.learning.momentum import momentum
from minerva.learning.numbers import Float64
from minerva.learning.partition import parse
from minerva.learning.task import Task, load_task
from minerva.learning.vectors import Layout
from minerva.protocol.manifest import RuleParameters
from minerva.verification.bands import judge_products

ROUNDS_EACH = 20
"""Rounds of one federation; then the data is dealt out anew to another one."""
NOISES = (0.0, 0.1, 0.2, 0.3)


def rounds_of(
    task: Task,
    partition: str,
    devices: int,
    count: int,
    seed: int = 0,
    *,
    text: str = DEFAULT,
    epochs: int = 0,
) -> Iterator[Float64]:
    """Train ``count`` rounds under the rule ``text`` and yield what the devices send, (devices, elements)."""
    (x, y), _ = task.load_data()
    combining, train = rule(text), trainer_for(task)
    layout = Layout(task.spec())
    for number in range(count):
        if number % ROUNDS_EACH == 0:
            parts = [torch.from_numpy(own) for own in parse(partition)(y.numpy(), devices, seed + number)]
            model = layout.vector(task.initial_state(seed + number))
            memory: State = {}
            sent: Deltas | None = None
        seeds = [seed + number * devices + device for device in range(devices)]
        rows = train(model, x, y, parts, seeds, epochs or task.epochs)
        if combining.client_momentum and sent is not None:
            rows = momentum(combining.client_momentum, rows, sent)
        sent = rows
        yield rows.astype(np.float64)
        step, memory = combining.combine(rows, [len(own) for own in parts], memory)
        model = (model + step).astype(np.float32)


def cheats(deltas: Float64, random: np.random.Generator) -> dict[str, Float64]:
    """Make one update of each kind of cheat from the honest ones."""
    made = {}
    for share in NOISES:
        one, several = deltas[random.integers(len(deltas))], random.permutation(len(deltas))[:4]
        made[f"copy, noise {share}"] = _disturbed(one, share, random)
        made[f"sum of 4, noise {share}"] = _disturbed(deltas[several].mean(axis=0), share, random)
    made["scaled copy"] = 3.0 * deltas[random.integers(len(deltas))]
    made["copy turned round"] = -deltas[random.integers(len(deltas))]
    made["ten times as far"] = 10.0 * _disturbed(deltas.mean(axis=0), 1.0, random)
    return made


def _disturbed(delta: Float64, share: float, random: np.random.Generator) -> Float64:
    noise = random.standard_normal(delta.size)
    out: Float64 = delta + share * float(np.linalg.norm(delta) / np.linalg.norm(noise)) * noise
    return out


def measure(
    task: Task,
    partition: str,
    devices: int,
    count: int,
    rules: RuleParameters,
    seed: int = 0,
    *,
    text: str = DEFAULT,
    epochs: int = 0,
) -> dict[str, dict[str, float]]:
    """Judge ``count`` rounds.

    Returns
    -------
    dict
        ``honest``: share of the honest updates refused, by reason. For each cheat: share refused, by reason.
    """
    refused: dict[str, Counter[str]] = {"honest": Counter()}
    random = np.random.default_rng(seed)
    for deltas in rounds_of(task, partition, devices, count, seed, text=text, epochs=epochs):
        order = random.permutation(devices)
        rows, size = deltas[order], deltas.shape[1]
        products = rows @ rows.T
        refused["honest"].update(
            reason.name for reason in judge_products(products, size, rules) if reason is not None
        )
        for name, cheat in cheats(rows, random).items():
            reason = judge_products(_with(products, rows @ cheat, float(cheat @ cheat)), size, rules)[-1]
            refused.setdefault(name, Counter()).update([reason.name] if reason is not None else [])
    totals = {name: count * (devices if name == "honest" else 1) for name in refused}
    return {
        name: {reason: times / totals[name] for reason, times in sorted(found.items())}
        for name, found in refused.items()
    }


def _with(products: Float64, row: Float64, square: float) -> Float64:
    out: Float64 = np.block([[products, row[:, None]], [row[None, :], np.array([[square]])]])
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", default="digits")
    parser.add_argument("--partition", default="iid")
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--rule", default=DEFAULT, help="aggregation rule, default: that of new federations")
    parser.add_argument("--epochs", type=int, default=0, help="local epochs, default: the task's own")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    try:
        found = measure(
            load_task(options.task), options.partition, options.devices, options.rounds, RuleParameters(),
            text=options.rule, epochs=options.epochs,
        )  # fmt: skip
    except UserError as error:
        parser.error(str(error))
    if options.json:
        print(json.dumps(found))
        return
    print(
        f"{options.task}, {options.partition}, {options.devices} devices, {options.rounds} rounds, "
        f"{options.rule}, {options.epochs or 'own'} epochs"
    )
    for name, reasons in found.items():
        shares = ", ".join(f"{reason} {100 * share:.3f} %" for reason, share in reasons.items())
        print(f"  {name:24} {shares or 'never refused'}")


if __name__ == "__main__":
    main()
