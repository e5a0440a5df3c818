"""What differential privacy costs in accuracy: digits, FedAvg, without a chain.

    python benchmarks/privacy.py [--devices 10 100] [--noise 0.01 0.1 1] [--rounds 20] [--max-norm 0.5] [--json]

Prints, for each number of devices (IID) and each noise multiplier, ε after the first and the last round at δ = 1e-5,
by Opacus's accountant, and the test accuracy, mean of three seeds, beside that without clipping and noise and that
with clipping alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
from typing import Any

import torch

from minerva.device.privacy import Release, epsilon
from minerva.learning.partition import parse
from minerva.learning.privacy import Noise, privatise
from minerva.learning.task import Task, load_task
from minerva.learning.training import train_local
from minerva.learning.weights import bytes_to_state, state_to_bytes

DELTA = 1e-5
SEEDS = (0, 1, 2)


def accuracy(task: Task, devices: int, rounds: int, seed: int, noise: float | None, max_norm: float) -> float:
    """Train the federation; ``noise`` None is without clipping too."""
    (x, y), (x_test, y_test) = task.load_data()
    parts = parse("iid")(y.numpy(), devices, seed)
    torch.manual_seed(seed)
    state = task.model().state_dict()
    for round_ in range(1, rounds + 1):
        base, sums = (
            state_to_bytes(state, {}),
            {name: torch.zeros_like(t, dtype=torch.float64) for name, t in state.items()},
        )
        for client, part in enumerate(parts):
            local = train_local(
                task, base, x[part], y[part], epochs=task.epochs, seed=1000 * round_ + client
            ).state
            if noise is not None:
                key = (seed << 40 | round_ << 20 | client).to_bytes(32)
                local = privatise(base, local, max_norm=max_norm, noise_multiplier=noise, noise=Noise(key))
            for name, tensor in local.items():
                sums[name] += tensor.double() * len(part)
        state = {name: (total / len(y)).float() for name, total in sums.items()}
    model = task.model_with(bytes_to_state(state_to_bytes(state, {})))
    return float(task.evaluate(model, x_test, y_test)["accuracy"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--noise", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--max-norm", type=float, default=0.5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    task, rows = load_task("digits"), list[dict[str, Any]]()
    for devices in options.devices:
        for noise in (None, 0.0, *options.noise):
            found = [accuracy(task, devices, options.rounds, seed, noise, options.max_norm) for seed in SEEDS]
            spent = [epsilon([Release(1, noise)] * n, DELTA) if noise else None for n in (1, options.rounds)]
            rows.append(
                {
                    "devices": devices, "noise": noise, "epsilon_first": spent[0], "epsilon_last": spent[1],
                    "accuracy": statistics.mean(found), "spread": max(found) - min(found),
                }
            )  # fmt: skip
            if not options.json:
                print(rows[-1], flush=True)
    if options.json:
        print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
