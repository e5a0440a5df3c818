"""Rule 3 at its boundaries, and the properties of weights and rates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.cid import Cid
from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.protocol.records import ZERO_ADDRESS, PlacedUpdate, Update
from minerva.protocol.rules import MAX_WEIGHT, counted_weights, judge_record, next_rate

RULES = RuleParameters(tau_permille=5000, slow_permille=5000, ema_permille=200, rate_range_permille=10**6)
REGISTRATION = Registration(ZERO_ADDRESS, ZERO_ADDRESS, b"\1" * 32, 1000, 50_000, 1)
OPENED = 10_000


def update(samples: int = 1000, epochs: int = 2, compute_us: int = 100_000) -> Update:
    return Update(
        ZERO_ADDRESS, 1, ZERO_ADDRESS, ZERO_ADDRESS, Cid(b"\2" * 32), samples, epochs, compute_us, 0, 0
    )


def judge(
    samples: int = 1000, epochs: int = 2, compute_us: int = 100_000, rate_ns: int = 50_000, after: int = 60,
    rules: RuleParameters = RULES,
) -> Reason | None:  # fmt: skip
    placed = PlacedUpdate(update(samples, epochs, compute_us), 0, 0, 5, 0, OPENED + after)
    return judge_record(placed, opened_at=OPENED, registration=REGISTRATION, rate_ns=rate_ns, rules=rules)


def test_accepts_the_calibrated_rate() -> None:
    assert judge() is None


@pytest.mark.parametrize(("samples", "epochs"), [(0, 1), (1, 0), (0, 0)])
def test_3e_refuses_no_work(samples: int, epochs: int) -> None:
    assert judge(samples, epochs, 0) is Reason.NO_SAMPLES


def test_3a_allows_one_second_beyond_the_chains_clock_and_no_microsecond_more() -> None:
    fast = replace(RULES, slow_permille=10**6)
    assert judge(compute_us=3_000_000, after=2, rules=fast) is None
    assert judge(compute_us=3_000_001, after=2, rules=fast) is Reason.TIME_EXCEEDS_CLOCK


def test_3b_allows_the_whole_data_set_and_no_sample_more() -> None:
    assert judge(samples=1000) is None
    assert judge(samples=1001) is Reason.SAMPLES_EXCEED_DATASET


def test_3c_allows_tau_either_way_and_no_microsecond_more() -> None:
    # 50,000 ns over 2,000 samples seen: 100,000 us; tau is 5
    assert judge(compute_us=20_000) is None and judge(compute_us=500_000) is None
    assert judge(compute_us=19_999) is Reason.RATE_OUT_OF_RANGE
    assert judge(compute_us=500_001) is Reason.RATE_OUT_OF_RANGE


def test_3d_allows_the_plausible_band_and_no_nanosecond_more() -> None:
    for rate in (40_000, 60_000):
        assert judge(rate_ns=rate, rules=replace(RULES, min_rate_ns=40_000, max_rate_ns=60_000)) is None
    for rate in (39_999, 60_001):
        banded = replace(RULES, min_rate_ns=40_000, max_rate_ns=60_000)
        assert judge(rate_ns=rate, rules=banded) is Reason.RATE_IMPLAUSIBLE


def test_names_the_first_of_several_reasons() -> None:
    assert judge(samples=0, compute_us=10**9, rate_ns=1) is Reason.NO_SAMPLES
    assert judge(samples=2000, compute_us=10**9, rate_ns=1) is Reason.TIME_EXCEEDS_CLOCK
    assert judge(samples=2000, compute_us=1, rate_ns=1) is Reason.SAMPLES_EXCEED_DATASET
    assert judge(compute_us=10**7, rate_ns=1) is Reason.RATE_IMPLAUSIBLE


@given(
    st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1), st.integers(0, 2**64 - 1),
    st.integers(1, 2**63), st.integers(1000, 10**6), st.integers(1000, 10**6),
)  # fmt: skip
def test_3c_is_the_rule_in_exact_fractions(
    samples: int, epochs: int, compute_us: int, rate: int, tau: int, slow: int
) -> None:
    rules = replace(RULES, tau_permille=tau, slow_permille=slow, min_rate_ns=1, max_rate_ns=2**63)
    placed = PlacedUpdate(update(samples, epochs, compute_us), 0, 0, 5, 0, OPENED + 2**64)
    registration = replace(REGISTRATION, dataset_size=2**32)
    reason = judge_record(placed, opened_at=OPENED, registration=registration, rate_ns=rate, rules=rules)
    observed = Fraction(compute_us * 1000, samples * epochs)
    inside = rate / Fraction(tau, 1000) <= observed <= rate * Fraction(slow, 1000)
    assert reason is (None if inside else Reason.RATE_OUT_OF_RANGE)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=30), st.integers(1, 2**31))
def test_weights_are_samples_up_to_the_cap(samples: list[int], cap: int) -> None:
    weights = counted_weights(samples, cap)
    assert len(weights) == len(samples)
    for weight, count in zip(weights, samples, strict=True):
        assert 1 <= weight <= MAX_WEIGHT < 2**29
        median = sorted(samples)[(len(samples) - 1) // 2]
        assert weight in (1, count, cap * median, MAX_WEIGHT) and weight <= max(1, count)


def test_weights_count_at_most_the_cap_times_the_lower_median() -> None:
    assert counted_weights([10, 1000, 20, 90], 4) == [10, 80, 20, 80]
    assert counted_weights([], 4) == []


@given(
    st.integers(1, 2**63 - 1), st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1),
    st.integers(0, 2**64 - 1), st.integers(1, 1000), st.integers(1000, 10**6),
)  # fmt: skip
def test_a_rate_moves_towards_the_observed_one_by_a_bounded_step(
    rate: int, samples: int, epochs: int, compute_us: int, ema: int, step: int
) -> None:
    rules = replace(RULES, ema_permille=ema, rate_step_permille=step)
    new = next_rate(rate, update(samples, epochs, compute_us), rate, rules)
    observed = Fraction(compute_us * 1000, samples * epochs)
    factor = Fraction(step, 1000)
    assert 1 <= new and rate / factor <= new <= rate * factor
    assert min(Fraction(rate), observed) - 1 < new <= max(Fraction(rate), observed, Fraction(1))


def test_a_rate_follows_a_steady_device() -> None:
    rate = 50_000
    for _ in range(60):
        rate = next_rate(rate, update(compute_us=200_000), 50_000, RULES)
    assert 99_990 <= rate <= 100_000


def test_no_work_moves_no_rate() -> None:
    assert next_rate(50_000, update(samples=0), 50_000, RULES) == 50_000


@pytest.mark.parametrize(("compute_us", "limit"), [(10**9, 75_000), (1, 33_334)])
def test_a_rate_never_leaves_the_range_around_the_registered_one(compute_us: int, limit: int) -> None:
    rate = 50_000
    for _ in range(200):
        rate = next_rate(rate, update(compute_us=compute_us), 50_000, RuleParameters())
    assert rate == limit
