"""The simulations behind docs/verification.md, at a size that a test can afford."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from minerva.learning.task import Task, load_task
from minerva.protocol.manifest import RuleParameters

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
TIMINGS_US = [1500, 1550, 1600, 1700, 1900, 2000]
RULES = RuleParameters()


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


time_rule, false_alarms = script("time_rule"), script("false_alarms")


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = time_rule.measure(TIMINGS_US, 1000, RULES, devices=2)
    return found


def accepted(outcomes: dict[str, dict[str, float]], name: str) -> float:
    return outcomes[name].get("accepted", 0.0)


def test_load_refuses_honest_devices_in_under_one_round_of_a_hundred(
    outcomes: dict[str, dict[str, float]],
) -> None:
    assert accepted(outcomes, "honest") > 0.99
    assert accepted(outcomes, "slow device, a tenth") > 0.99
    assert accepted(outcomes, "machine a quarter as fast from the middle on") > 0.99


def test_an_over_reporter_is_refused_in_over_99_rounds_of_a_hundred(
    outcomes: dict[str, dict[str, float]],
) -> None:
    assert accepted(outcomes, "over-reporter x10") < 0.01
    assert accepted(outcomes, "forged time alone, a tenth") < 0.01


def test_without_a_range_each_lie_that_slips_through_makes_room_for_the_next() -> None:
    loose = replace(RULES, rate_range_permille=10**6, ema_permille=200)
    found = time_rule.measure(TIMINGS_US, 1000, loose, devices=2)
    assert accepted(found, "over-reporter x10") > 0.1


def test_what_the_time_rule_cannot_stop_the_sample_cap_bounds(outcomes: dict[str, dict[str, float]]) -> None:
    assert accepted(outcomes, "consistent liar x10, time forged") > 0.99
    for factor in (10, 1000):
        counted, uncapped = time_rule.liars_share(20, factor, RULES.sample_cap)
        assert counted == pytest.approx(4 / 23) and uncapped > counted


def test_only_the_chains_clock_sees_a_long_suspension(outcomes: dict[str, dict[str, float]]) -> None:
    long = outcomes["laptop suspended for two minutes in each tenth round"]
    assert long["TIME_EXCEEDS_CLOCK"] == 0.1 and long["accepted"] > 0.89


@pytest.fixture(scope="module")
def digits() -> Task:
    torch.set_num_threads(1)
    return load_task("digits")


RULE = false_alarms.DEFAULT


@pytest.mark.parametrize(("rule", "epochs"), [("fedavg", 1), (RULE, 1), (RULE, 5)])
def test_devices_with_iid_data_are_refused_in_no_round_and_cheats_in_each(
    digits: Task, rule: str, epochs: int
) -> None:
    found = false_alarms.measure(digits, "iid", 20, 20, RULES, text=rule, epochs=epochs)
    assert found["honest"] == {}
    for name in ("copy, noise 0.0", "copy, noise 0.1", "scaled copy"):
        assert found[name] == {"COPY": 1.0}
    for name in ("sum of 4, noise 0.0", "copy turned round"):
        assert found[name] == {"COMBINATION": 1.0}
    assert found["ten times as far"]["OUT_OF_BOUND"] > (0.99 if epochs == 1 else 0.5)


@pytest.mark.parametrize(
    ("rule", "epochs", "most"), [("fedavg", 1, 0.004), (RULE, 1, 0.006), (RULE, 5, 0.01)]
)
def test_devices_with_unlike_data_are_seldom_refused(
    digits: Task, rule: str, epochs: int, most: float
) -> None:
    found = false_alarms.measure(digits, "dirichlet:0.5", 20, 20, RULES, text=rule, epochs=epochs)
    assert sum(found["honest"].values()) < most and set(found["honest"]) <= {"OUT_OF_BOUND"}


def test_the_rounds_are_those_of_the_rule_and_the_epochs(digits: Task) -> None:
    """Momentum takes the model elsewhere from the third round on; more epochs already in the first."""

    def rounds(rule: str, epochs: int) -> list[np.ndarray]:
        return list(false_alarms.rounds_of(digits, "iid", 4, 3, text=rule, epochs=epochs))

    plain, server, longer, device = (
        rounds("fedavg", 1), rounds("fedavgm", 1), rounds("fedavg", 2), rounds("client_momentum+fedavg", 1),
    )  # fmt: skip
    assert [(one == other).all() for one, other in zip(plain, server, strict=True)] == [True, True, False]
    assert [(one == other).all() for one, other in zip(plain, device, strict=True)] == [True, False, False]
    assert np.linalg.norm(longer[0]) > 1.5 * np.linalg.norm(plain[0])
