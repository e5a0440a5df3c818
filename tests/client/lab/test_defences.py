"""Each attack does its harm, or is not named, when its defence is switched off; and not when it is on."""

from __future__ import annotations

import pytest

from minerva.attacks import ATTACKS, Kind
from minerva.lab.cell import Bench, Outcome
from minerva.lab.settings import Setting
from minerva.learning.task import load_task
from minerva.protocol.reasons import Reason

ROUNDS, DEVICES, MALICIOUS = 3, 10, 2
BY_NAME = {
    "copy": Reason.COPY,
    "copy-noise": Reason.COPY,
    "copy-scaled": Reason.COPY,
    "mimic": Reason.COPY,
    "front-run-copy": Reason.WRONG_METADATA,
    "no-training": Reason.UNTRAINED,
    "sample-inflation": Reason.RATE_OUT_OF_RANGE,
    "record-inflation": Reason.SAMPLES_EXCEED_DATASET,
    "forged-time": Reason.RATE_OUT_OF_RANGE,
    "nan": Reason.NOT_FINITE,
    "infinity": Reason.NOT_FINITE,
    "oversized": Reason.TOO_LARGE,
    "truncated": Reason.MALFORMED,
    "wrong-shape": Reason.WRONG_TENSORS,
    "withheld": Reason.UNAVAILABLE,
}
"""Attacks that verification refuses."""


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(load_task("digits"))


def run(bench: Bench, **changes: object) -> Outcome:
    usual = {"devices": DEVICES, "fraction": 0.2, "rounds": ROUNDS, "epochs": 5}
    return bench.run(Setting(**(usual | changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BY_NAME)
def test_verification_refuses_it_by_name_in_the_round_it_happens(bench, name):
    on, off = (run(bench, attack=name, verify=verify) for verify in (True, False))
    assert on.refused == {BY_NAME[name].name: MALICIOUS * ROUNDS}
    assert on.false_alarms == {} and on.share == 0.0
    assert off.refused == {}
    if name in ("oversized", "truncated", "withheld"):  # nothing that a model could be made of
        assert off.accuracy < 0.3 < on.accuracy
    elif name in ("nan", "infinity"):  # one number of one update, and the model has none left
        assert off.accuracy < 0.2 < on.accuracy and off.share > 0.15
    else:
        assert off.share > 0.15


@pytest.mark.parametrize("name", ["nan", "infinity"])
def test_a_rule_by_itself_gives_no_weight_to_what_is_not_finite(bench, name):
    clean, robust, mean = (
        run(bench, rule=text, attack=attack)
        for text, attack in (("median", "none"), ("median", name), ("fedavg", name))
    )
    assert robust.share == 0.0 < mean.share
    assert robust.accuracy > clean.accuracy - 0.05 > mean.accuracy + 0.2


def test_a_consistent_liar_gains_at_most_the_sample_cap(bench):
    on, off = (run(bench, attack="consistent-liar", verify=verify) for verify in (True, False))
    assert on.refused == {} and on.share == pytest.approx(2 * 4 / (2 * 4 + 8), abs=0.01)  # V5: a cap of 4
    assert off.share == pytest.approx(2 * 10 / (2 * 10 + 8), abs=0.01)


@pytest.mark.parametrize("name", ["ipm-10", "colluding", "gaussian", "backdoor"])
def test_a_robust_rule_holds_where_the_mean_breaks(bench, name):
    clean = run(bench, rounds=6)
    mean, robust = (run(bench, attack=name, rule=rule, rounds=6) for rule in ("fedavg", "trimmed_mean"))
    assert robust.accuracy > clean.accuracy - 0.05
    harmed = mean.asr is not None and mean.asr > 0.5
    assert mean.accuracy < clean.accuracy - 0.2 or harmed
    if name == "backdoor":
        assert mean.asr > 0.5 and robust.asr < clean.asr + 0.1


@pytest.mark.parametrize("name", ["ipm-10", "colluding"])
def test_what_is_made_of_others_updates_is_refused_by_name(bench, name):
    """The first of two attackers sends a sum of the honest updates, the second one that is nearly the same."""
    assert run(bench, attack=name, verify=True).refused == {"COMBINATION": ROUNDS, "COPY": ROUNDS}
    assert run(bench, attack=name).refused == {}


def test_a_sum_of_copies_is_refused_by_name(bench):
    assert run(bench, attack="copy-sum", verify=True).refused == {"COMBINATION": 2 * ROUNDS}
    assert run(bench, attack="copy-sum").refused == {}


@pytest.mark.parametrize("name", ["sign-flip", "ipm-2", "label-flip"])
def test_a_milder_attack_costs_the_mean_more_than_a_robust_rule(bench, name):
    clean = run(bench, rounds=6)
    mean = run(bench, attack=name, rounds=6)
    robust = run(bench, attack=name, rule="nnm+trimmed_mean", rounds=6)
    assert mean.accuracy < clean.accuracy - 0.005 and mean.accuracy < robust.accuracy


@pytest.mark.parametrize("name", ["alie", "alie-optimised", "min-max", "min-sum", "ipm-0.1", "targeted-flip"])
def test_a_stealthy_attack_does_little_to_a_robust_rule(bench, name):
    clean, robust = run(bench, rounds=6), run(bench, attack=name, rule="nnm+trimmed_mean", rounds=6)
    assert robust.accuracy > clean.accuracy - 0.05


def test_every_attack_runs_on_the_defended_federation_and_no_honest_update_is_refused(bench):
    for name in ATTACKS:
        outcome = run(bench, attack=name, rule="nnm+trimmed_mean", verify=True, rounds=2)
        assert outcome.false_alarms == {}, name
        assert outcome.accuracy > 0.35, name


def test_honest_devices_are_the_baseline(bench):
    outcome = run(bench, attack="none", verify=True, partition="dirichlet:0.5")
    assert outcome.refused == outcome.false_alarms == {} and outcome.share == 0.0
    assert len(outcome.curve) == ROUNDS and ATTACKS["none"].kind is Kind.NONE


def test_client_momentum_is_part_of_a_rule(bench):
    none, some, plain = (
        run(bench, rule=text)
        for text in ("client_momentum:beta=0+median", "client_momentum:beta=500+median", "median")
    )
    assert none.curve == plain.curve
    assert some.curve[0] == plain.curve[0] and some.curve != plain.curve
