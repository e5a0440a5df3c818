"""Rule 3 under load: who is refused, who gets through, and what that gains (docs/verification.md).

Run: tools/run python benchmarks/time_rule.py [--rounds 1000] [--json]
Real trainings of the digits are timed on this machine, in time of its processor, and the fastest quarter of
them taken: the others had company, which the load stands for. It makes each training slower by a factor
max(1, X), X log-normal with median 1 and its 99th percentile at 4. Every record is then judged by the code
that miners run, and the calibrated rate moves as blocks move it.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from minerva.protocol.cid import Cid
from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.records import ZERO_ADDRESS, PlacedUpdate, Update
from minerva.protocol.rules import counted_weights, judge_record, next_rate

SAMPLES = 72
"""Of an honest device: the digits' training set over twenty."""
SIGMA = math.log(4.0) / 2.3263478740408408
"""Of the logarithm: its 99th percentile is 4."""
CALIBRATIONS = 5
"""Runs at registration, of which the fastest counts."""
ROUND_SECONDS = 60
_OPENED = 10**9


class Load:
    """A machine's timings: real ones, drawn at random, and slowed down by whatever else it does.

    ``least`` is the least factor that the noise may have: 1, as load slows; 0 lets it speed machines up as often.
    """

    def __init__(self, timings_us: Sequence[int], seed: int, least: float = 1.0) -> None:
        self._timings, self._random = list(timings_us), np.random.default_rng(seed)
        self._least = least

    def __call__(self, *, faster: float = 1.0) -> int:
        """Return what one training takes, in microseconds, on a machine so many times as fast."""
        slowed = max(self._least, float(self._random.lognormal(0.0, SIGMA)))
        return max(1, round(float(self._random.choice(self._timings)) * slowed / faster))


@dataclass(slots=True)
class Device:
    """A device as the chain sees it.

    ``claim``: how many times the samples it trained on each record claims, and ``forge`` how many times the
    time it took. ``register_claim``: the factor that its data set's size is registered with, ``register_rate``
    that of its rate.
    """

    load: Load
    rules: RuleParameters
    claim: int = 1
    forge: float = 1.0
    register_claim: int = 1
    register_rate: float = 1.0
    speed: Callable[[int], float] = lambda round_: 1.0
    extra_us: Callable[[int], int] = lambda round_: 0
    outcomes: Counter[str] = field(default_factory=Counter)
    accepted_samples: int = 0

    def play(self, rounds: int) -> Counter[str]:
        """Register, submit in every round, and count what becomes of it."""
        fastest = min(self.load(faster=self.speed(0)) for _ in range(CALIBRATIONS))
        registered = max(1, round(1000 * fastest / SAMPLES * self.register_rate))
        registration = Registration(
            ZERO_ADDRESS, ZERO_ADDRESS, b"\1" * 32, SAMPLES * self.register_claim, registered, 1
        )
        rate = registered
        for round_ in range(rounds):
            took = self.load(faster=self.speed(round_)) + self.extra_us(round_)
            update = Update(
                ZERO_ADDRESS, 1, ZERO_ADDRESS, ZERO_ADDRESS, Cid(b"\2" * 32), SAMPLES * self.claim, 1,
                max(1, round(took * self.forge)), 0, 0,
            )  # fmt: skip
            # The block's time is the chain's; a device's own clock has no part in it.
            placed = PlacedUpdate(update, 0, 0, 5, 0, _OPENED + ROUND_SECONDS)
            reason = judge_record(
                placed, opened_at=_OPENED, registration=registration, rate_ns=rate, rules=self.rules
            )
            self.outcomes[reason.name if reason else "accepted"] += 1
            if reason is None:
                rate = next_rate(rate, update, registered, self.rules)
                self.accepted_samples += update.samples
        return self.outcomes


def cases(rounds: int) -> dict[str, dict[str, object]]:
    """Return the devices that are played, by what they are."""
    return {
        "honest": {},
        "honest, noise that also speeds up": {"least": 0.0},
        "over-reporter x10": {"claim": 10, "register_claim": 10},
        "over-reporter x3": {"claim": 3, "register_claim": 3},
        "forged time alone, a tenth": {"forge": 0.1},
        "consistent liar x10, rate registered": {"claim": 10, "register_claim": 10, "register_rate": 0.1},
        "consistent liar x10, time forged": {"claim": 10, "register_claim": 10, "forge": 10.0},
        "slow device, a tenth": {"speed": lambda round_: 0.1},
        "machine 1.8 times as fast from the middle on": {
            "speed": lambda round_: 1.8 if round_ >= rounds // 2 else 1.0
        },
        "machine 4 times as fast from the middle on": {
            "speed": lambda round_: 4.0 if round_ >= rounds // 2 else 1.0
        },
        "machine a quarter as fast from the middle on": {
            "speed": lambda round_: 0.25 if round_ >= rounds // 2 else 1.0
        },
        "laptop suspended for 20 s in each tenth round": {
            "extra_us": lambda round_: 20 * 10**6 if round_ % 10 == 9 else 0
        },
        "laptop suspended for two minutes in each tenth round": {
            "extra_us": lambda round_: 120 * 10**6 if round_ % 10 == 9 else 0
        },
    }


def measure(
    timings_us: Sequence[int], rounds: int, rules: RuleParameters, *, devices: int = 1, seed: int = 0
) -> dict[str, dict[str, float]]:
    """Play every case and return the shares of its outcomes."""
    found = {}
    for name, changes in cases(rounds).items():
        total: Counter[str] = Counter()
        for device in range(devices):
            own = dict(changes)
            load = Load(timings_us, seed + 1000 * device, float(str(own.pop("least", 1.0))))
            total.update(Device(load, rules, **own).play(rounds))  # type: ignore[arg-type]
        found[name] = {outcome: count / (rounds * devices) for outcome, count in sorted(total.items())}
    return found


def liars_share(devices: int, factor: int, cap: int) -> tuple[float, float]:
    """Return the share of the aggregate that one liar among equal devices has: as counted, and without a cap."""
    samples = [SAMPLES] * (devices - 1) + [SAMPLES * factor]
    weights = counted_weights(samples, cap)
    return weights[-1] / sum(weights), samples[-1] / sum(samples)


def real_timings(count: int = 200) -> list[int]:
    """Time real trainings of an honest device's samples, in microseconds."""
    import torch

    from minerva.learning.task import load_task

    torch.set_num_threads(1)
    task = load_task("digits")
    (x, y), _ = task.load_data()
    taken = []
    for seed in range(count + 1):
        model = task.model()
        began = time.process_time_ns()
        task.train(model, x[:SAMPLES], y[:SAMPLES], epochs=1, seed=seed)
        taken.append((time.process_time_ns() - began) // 1000)
    return sorted(taken[1:])[: count // 4]  # the first one warms up


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--devices", type=int, default=20, help="of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    rules, timings = RuleParameters(), real_timings()
    found = measure(timings, options.rounds, rules, devices=options.devices)
    shares = {
        f"{n} devices, liar x{factor}": liars_share(n, factor, rules.sample_cap)
        for n in (5, 20, 100)
        for factor in (4, 10, 1000)
    }
    if options.json:
        print(json.dumps({"timings_us": timings, "outcomes": found, "shares": shares}))
        return
    print(
        f"{options.rounds} rounds of {options.devices} devices each; a training takes {timings[0]} to {timings[-1]} us"
    )
    for name, outcomes in found.items():
        print(f"  {name:54}", ", ".join(f"{o} {100 * share:.2f} %" for o, share in outcomes.items()))
    for name, (counted, uncapped) in shares.items():
        print(f"  share of the aggregate, {name:26} {counted:.3f} (without a cap {uncapped:.3f})")


if __name__ == "__main__":
    main()
