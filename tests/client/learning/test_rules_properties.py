"""Properties that every rule has, whatever the updates are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.learning.aggregation import rule

PLAIN = ("fedavg", "median", "trimmed_mean", "krum", "multi_krum", "geometric_median", "centred_clipping")
MIXED = ("nnm+trimmed_mean", "nnm+krum", "nnm+centred_clipping", "clip+fedavg", "clip+nnm+median")
BUCKETS = ("bucketing+median", "bucketing:s=3+nnm+geometric_median", "bucketing+fedavg")
SERVERS = ("fedavgm", "fedadam", "fedyogi", "centred_clipping+fedavgm", "nnm+median+fedadam")
ALL = (*PLAIN, *MIXED, *BUCKETS, *SERVERS)
BYTES = ("median", "trimmed_mean", "bucketing+median")
"""Rules whose result does not depend on the order of the updates in a single bit."""

seeds = st.integers(0, 2**32 - 1)
counts = st.integers(1, 25)
few = settings(max_examples=15, deadline=None)


def updates(seed: int, count: int, size: int = 40) -> np.ndarray:
    """Honest and hostile rows: a common direction, noise, and some rows far off."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal(size) + 0.1 * random.standard_normal((count, size))
    rows[: count // 5] *= -random.integers(1, 1000)
    return random.permutation(rows)


def combine(text: str, rows: np.ndarray, state=None, **options) -> np.ndarray:
    return rule(text).combine(rows, [1] * len(rows), state or {}, **options)[0]


def near(rows: np.ndarray, f: int) -> tuple[np.ndarray, np.ndarray]:
    """The squared distances from each row to its n - f nearest, and the means of these: computed pair by pair."""
    distances = ((rows[:, None] - rows) ** 2).sum(axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, : len(rows) - f]
    return np.take_along_axis(distances, nearest, axis=1), rows[nearest].mean(axis=1)


@pytest.mark.parametrize("text", [name for name in ALL if not name.endswith("krum") or name == "multi_krum"])
@few
@given(seed=seeds, count=counts)
def test_the_order_of_the_clients_plays_no_part(text, seed, count):
    rows = updates(seed, count)
    shuffled = rows[np.random.default_rng(seed + 1).permutation(count)]
    first, second = combine(text, rows), combine(text, shuffled)
    if text in BYTES:
        assert first.tobytes() == second.tobytes()
    np.testing.assert_allclose(first, second, rtol=1e-6, atol=1e-8 * np.abs(rows).max())


@pytest.mark.parametrize("text", ["krum", "nnm+krum"])
@few
@given(seed=seeds, count=counts)
def test_krum_chooses_a_row_with_the_best_score_whatever_the_order(text, seed, count):
    """Which one, among equals (of two rows neither is better), the order says."""
    rows, tolerated = updates(seed, count), -(-3 * count // 10)
    candidates = rows if text == "krum" else near(rows, min(tolerated, (count - 1) // 2))[1]
    scores = near(candidates, max(0, min(tolerated, (count - 3) // 2)))[0].sum(axis=1)
    for order in (np.arange(count), np.random.default_rng(seed + 1).permutation(count)):
        chosen = np.linalg.norm(candidates - combine(text, rows[order]), axis=1)
        assert chosen.min() <= 1e-8 * np.abs(rows).max()
        assert scores[chosen.argmin()] <= scores.min() + 1e-9 * scores.max()


@pytest.mark.parametrize("text", ["krum", "nnm+krum"])
def test_of_equal_scores_the_earlier_row_is_chosen(text):
    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    for order in ([0, 1], [1, 0]):
        expected = rows[order][0] if text == "krum" else rows.mean(axis=0)
        assert (combine(text, rows[order]) == expected).all()


@pytest.mark.parametrize(
    "text", ["fedavg", "median", "trimmed_mean", "krum", "multi_krum", "nnm+trimmed_mean"]
)
@few
@given(seed=seeds, count=counts)
def test_a_translation_of_all_updates_translates_the_step(text, seed, count):
    rows, shift = updates(seed, count), np.random.default_rng(seed + 1).standard_normal(40)
    np.testing.assert_allclose(combine(text, rows + shift), combine(text, rows) + shift, atol=1e-8)


@pytest.mark.parametrize("text", [*PLAIN, *MIXED, "fedavgm"])
@few
@given(seed=seeds, count=counts, power=st.integers(-20, 20))
def test_scaling_all_updates_scales_the_step(text, seed, count, power):
    rows, factor = updates(seed, count), 2.0**power
    assert (combine(text, rows * factor) == combine(text, rows) * factor).all()


@pytest.mark.parametrize("text", [*PLAIN, *MIXED, *BUCKETS])
@few
@given(seed=seeds, count=counts)
def test_equal_updates_are_the_step(text, seed, count):
    one = np.random.default_rng(seed).standard_normal(40).astype(np.float32)
    assert (combine(text, np.tile(one, (count, 1))).astype(np.float32) == one).all()


@pytest.mark.parametrize("text", [name for name in (*PLAIN, *MIXED) if "fedavg" not in name])
@few
@given(seed=seeds, scale=st.sampled_from([1.0, 1e3, 1e9, 1e30]))
def test_a_fifth_of_hostile_updates_moves_the_step_little(text, seed, scale):
    random = np.random.default_rng(seed)
    rows = random.standard_normal(40) + 0.1 * random.standard_normal((20, 40))
    good = rows[4:].mean(axis=0)
    rows[:4] = random.standard_normal((4, 40)) * scale
    assert np.linalg.norm(combine(text, rows) - good) < 0.75 * np.linalg.norm(good)


@pytest.mark.parametrize(
    ("text", "count", "hostile"),
    [
        ("bucketing+median", 20, 4),
        ("bucketing+trimmed_mean", 20, 4),
        ("bucketing+geometric_median", 20, 4),
        ("bucketing+nnm+trimmed_mean", 20, 4),
        ("bucketing:s=3+trimmed_mean", 20, 3),  # a minority of seven buckets
        ("bucketing+krum", 20, 3),  # n >= 2f + 3 of ten buckets
        ("bucketing+multi_krum", 20, 3),
        ("bucketing+multi_krum", 25, 5),
    ],
)
@few
@given(seed=seeds, size=st.sampled_from([10.0, 1e3, 1e9]))
def test_hostile_updates_that_each_spoil_a_bucket_move_the_step_little(text, count, hostile, seed, size):
    """Their norms differ: equal ones would be dealt out side by side (G6) and share their buckets."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal(40) + 0.1 * random.standard_normal((count, 40))
    good = rows[hostile:].mean(axis=0)
    rows[:hostile] = -size * (1.0 + 0.01 * np.arange(hostile))[:, None] * good
    assert np.linalg.norm(combine(text, rows) - good) < 0.75 * np.linalg.norm(good)


def test_the_mean_is_moved_as_far_as_one_likes():
    rows = np.ones((20, 40))
    rows[0] = -1e9
    assert (combine("fedavg", rows) < -1e7).all()


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e300])
def test_rows_that_are_no_updates_are_left_out(text, poison):
    rows = updates(5, 12)
    poisoned = np.insert(rows, [0, 6, 12], rows[0], axis=0)
    poisoned[[0, 7, 14], [3, 0, 39]] = poison
    assert combine(text, poisoned).tobytes() == combine(text, rows).tobytes()
    nothing = np.full((3, 40), poison)
    step, state = rule(text).combine(nothing, [1] * 3, {})
    assert not step.any() and state == {}


@pytest.mark.parametrize("text", ALL)
@pytest.mark.parametrize("size", [np.finfo("f4").max, np.finfo("f4").tiny, 0.0])
def test_extremes_stay_finite_for_many_rounds(text, size):
    rows, state = np.tile(np.float32(size) * np.array([[1], [-1], [1], [1]], "f4"), (5, 40)), {}
    for _ in range(5):
        step, state = rule(text).combine(rows, [1] * 20, state)
        assert np.isfinite(step).all() and all(np.isfinite(vector).all() for vector in state.values())


@pytest.mark.parametrize("text", ALL)
def test_the_bytes_do_not_depend_on_threads_or_on_the_layout(text):
    rows = updates(3, 11, size=40_000).astype(np.float32)
    first, state = rule(text).combine(rows, [1] * 11, {})
    again, after = rule(text).combine(rows, [1] * 11, state)
    for threads, laid in ((2, rows), (3, np.asfortranarray(rows)), (1, rows.astype(np.float64))):
        assert combine(text, laid, threads=threads).tobytes() == first.tobytes()
        other, there = rule(text).combine(laid, [1] * 11, state, threads=threads)
        assert other.tobytes() == again.tobytes()
        assert {k: v.tobytes() for k, v in there.items()} == {k: v.tobytes() for k, v in after.items()}


def test_the_server_remembers():
    row = np.full((1, 4), 2.0)
    step, state = rule("fedavgm").combine(row, [1], {})
    assert (step == 2.0).all() and (state["momentum"] == 2.0).all()
    step, state = rule("fedavgm").combine(row, [1], state)
    np.testing.assert_allclose(step, 3.8, rtol=1e-7)
    for text, second in (("fedadam", 1e-6 * 0.99 + 0.04), ("fedyogi", 1e-6 + 0.04)):
        step, state = rule(text).combine(row, [1], {})
        np.testing.assert_allclose(state["second_moment"], second, rtol=1e-6)
        np.testing.assert_allclose(step, 0.03 * 0.2 / (second**0.5 + 0.001), rtol=1e-6)


def test_centred_clipping_starts_from_its_last_step():
    rows = updates(1, 10)
    first, state = rule("centred_clipping").combine(rows, [1] * 10, {})
    assert (state["centre"] == first.astype(np.float32)).all()
    second, _ = rule("centred_clipping").combine(rows, [1] * 10, state)
    good = np.median(rows, axis=0)
    assert np.linalg.norm(second - good) < np.linalg.norm(first - good)


@pytest.mark.parametrize(
    ("deltas", "weights", "state"),
    [
        (np.ones((2, 3)), [1], {}),
        (np.ones((2, 3)), [1, 0], {}),
        (np.ones(3), [1], {}),
        (np.ones((2, 3), "i4"), [1, 1], {}),
        (np.ones((2, 3)), [1, 1], {"momentum": np.ones(2, "f4")}),
        (np.ones((2, 3)), [1, 1], {"momentum": np.array([1, np.nan, 1], "f4")}),
        (np.ones((2, 3)), [1, 1], {"centre": np.ones(3, "f4")}),
    ],
)
def test_arguments_that_do_not_fit_are_refused(deltas, weights, state):
    with pytest.raises(ValueError):
        rule("fedavgm").combine(deltas, weights, state)
