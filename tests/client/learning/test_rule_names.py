"""The names of rules: one canonical text each, and clear words for what is none."""

from __future__ import annotations

import pytest

from minerva.errors import UserError
from minerva.learning.aggregation import RULES, aggregator, rule
from minerva.learning.aggregation.names import Part
from minerva.learning.aggregation.tolerance import tolerated


@pytest.mark.parametrize(
    "text",
    [
        *(name for name in RULES if name not in ("client_momentum", "nnm", "bucketing", "clip")),
        "nnm:f=4+trimmed_mean:f=4",
        "clip:permille=1500+bucketing:s=3+nnm+krum:f=1",
        "centred_clipping:permille=900,steps=5+fedavgm:beta=500,lr=700",
        "fedadam:beta1=1,beta2=2,lr=3,tau=4",
        "client_momentum:beta=500+centred_clipping",
    ],
)
def test_canonical_names_stay(text):
    assert rule(text).text == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("fedavg+fedadam", "fedadam"),
        ("geometric_median:steps=64", "geometric_median"),
        ("fedavgm:lr=5,beta=900", "fedavgm:lr=5"),
        ("nnm+fedavg+fedyogi", "nnm+fedyogi"),
        ("client_momentum:beta=900+fedavg+fedavgm", "client_momentum+fedavgm"),
    ],
)
def test_other_names_become_canonical(text, canonical):
    assert rule(text).text == canonical and rule(canonical).parts == rule(text).parts


@pytest.mark.parametrize("text", ["krumm", "", "nnm+", "Median", "median ", "kru\u0301m", "a" * 1000, "+"])
def test_unknown_names_list_the_known_ones(text):
    with pytest.raises(
        UserError,
        match=r"unknown aggregation rule: .* Known: bucketing, centred_clipping, client_momentum, clip, ",
    ):
        aggregator(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("median+krum", "mixers .* then one rule"),
        ("nnm", "then one rule"),
        ("client_momentum", "then one rule"),
        ("nnm+client_momentum+median", "at most client_momentum, then mixers"),
        ("client_momentum+client_momentum+median", "at most client_momentum"),
        ("fedadam+median", "at most one optimiser"),
        ("median+fedadam+fedyogi", "at most one optimiser"),
        ("median:f=2", "not a parameter of the rule median: 'f=2'. It takes none"),
        ("krum:g=2", "It takes f, each once, as key=integer"),
        ("krum:f=02", "not a parameter"),
        ("krum:f=-1", "not a parameter"),
        ("krum:f=1,f=2", "not a parameter"),
        ("krum:", "not a parameter"),
        ("fedavgm:beta=1000", "out of bounds: beta=1000. It is an integer from 0 to 999"),
        ("bucketing:s=1+median", "from 2 to 1000"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(UserError, match=words):
        rule(text)


@pytest.mark.parametrize(
    ("text", "n", "inequality"),
    [
        ("trimmed_mean:f=4", 8, r"n >= 2f \+ 1 updates: n = 8 < 9 = 2 \* 4 \+ 1"),
        ("nnm:f=4+median", 8, r"n >= 2f \+ 1 updates: n = 8 < 9"),
        ("krum:f=4", 10, r"n >= 2f \+ 3 updates: n = 10 < 11 = 2 \* 4 \+ 3"),
        ("multi_krum", 2, r"n >= 2f \+ 3 updates: n = 2 < 3 even for f = 0"),
        ("bucketing+krum:f=4", 20, r"buckets of 20 updates: n = 10 < 11"),
        (
            "bucketing:s=10+median",
            10,
            r"s=10 needs ceil\(n / s\) >= 3 buckets of n updates: ceil\(10 / 10\) = 1",
        ),
        (
            "bucketing+fedavg",
            4,
            r"bucketing needs ceil\(n / s\) >= 3 buckets of n updates: ceil\(4 / 2\) = 2 < 3",
        ),
        ("bucketing+bucketing+median", 8, r"n buckets of 8 updates: ceil\(4 / 2\) = 2 < 3"),
    ],
)
def test_too_few_updates_are_refused_with_the_inequality(text, n, inequality):
    with pytest.raises(UserError, match=inequality):
        rule(text).check(n)
    rule(text).check(2 * n + 2)


@pytest.mark.parametrize(
    "text", ["fedavg", "median", "nnm+trimmed_mean", "centred_clipping+fedadam", "clip+median"]
)
def test_rules_without_a_stated_f_need_nothing(text):
    rule(text).check(1)


def test_f_falls_with_the_number_of_updates():
    assert [tolerated(Part("nnm", {"f": 4}), n, n) for n in (20, 9, 8, 3, 2, 1)] == [4, 4, 3, 1, 0, 0]
    assert [tolerated(Part("krum", {"f": 4}), n, n) for n in (20, 11, 10, 5, 3, 1)] == [4, 4, 3, 1, 0, 0]
    assert [tolerated(Part("trimmed_mean", {}), n, n) for n in (20, 16, 10, 5, 3, 1)] == [6, 5, 3, 2, 1, 0]


def test_f_counts_updates_and_not_their_buckets():
    """A malicious update spoils a whole bucket (G3)."""
    assert [tolerated(Part("trimmed_mean", {}), n, 20) for n in (20, 10, 7, 5, 3, 1)] == [6, 4, 3, 2, 1, 0]
    assert [tolerated(Part("multi_krum", {}), n, 20) for n in (20, 10, 7, 5, 3, 1)] == [6, 3, 2, 1, 0, 0]
    assert tolerated(Part("krum", {"f": 2}), 10, 20) == 2


def test_client_momentum_is_for_the_devices():
    assert [rule(text).client_momentum for text in ("median", "client_momentum+median")] == [0.0, 0.9]
    assert rule("client_momentum:beta=250+fedavgm").client_momentum == 0.25
