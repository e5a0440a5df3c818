"""Attacks on the delta are the papers' formulas: by hand, by what they promise, and against ByzFL."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

from minerva.attacks import ATTACKS, Kind, Sight, deltas

HONEST = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 8.0]])
MEAN, STD = np.array([3.0, 4.0]), np.array([2.0, np.sqrt(12.0)])


def honest(seed: int = 0, rows: int = 7, size: int = 40):
    return np.random.default_rng(seed).normal(0.3, 1.0, (rows, size))


def test_by_hand():
    assert np.array_equal(deltas.sign_flip(HONEST), -MEAN)
    assert np.array_equal(deltas.inner_product(HONEST, 10.0), -10 * MEAN)
    assert np.allclose(deltas.little_is_enough(HONEST, 1.5), MEAN + 1.5 * STD)
    assert np.array_equal(deltas.copies(HONEST, 4, scale=2.0), 2 * HONEST[[0, 1, 2, 0]])
    assert np.array_equal(deltas.sums(HONEST, 2), [[2.0, 2.0], [4.0, 5.0]])
    assert not deltas.free_ride(5, 2, 0.0, np.random.default_rng(0)).any()
    assert np.array_equal(deltas.replace_model(HONEST[:2], 20), 10 * HONEST[:2])


def test_model_replacement_makes_the_mean_the_attackers_model():
    own = honest(1, 2)
    rows = np.concatenate([np.zeros((8, 40)), deltas.replace_model(own, 10)])
    assert np.allclose(rows.mean(axis=0), own.mean(axis=0))


@pytest.mark.parametrize("seed", range(3))
def test_min_max_goes_as_far_as_the_honest_are_apart_and_no_further(seed):
    rows = honest(seed)
    apart = max(np.linalg.norm(a - b) for a in rows for b in rows)
    away = [np.linalg.norm(deltas.min_max(rows) - row) for row in rows]
    assert max(away) == pytest.approx(apart)
    push = (deltas.min_max(rows) - rows.mean(axis=0)) / -rows.std(axis=0, ddof=1)
    assert push.min() > 0 and push.max() == pytest.approx(push.min())


@pytest.mark.parametrize("seed", range(3))
def test_min_sum_has_the_sum_of_distances_of_the_most_unusual_honest(seed):
    rows = honest(seed)
    most = max(sum(np.sum((a - b) ** 2) for b in rows) for a in rows)
    assert sum(np.sum((deltas.min_sum(rows) - b) ** 2) for b in rows) == pytest.approx(most)


def test_equal_deltas_leave_min_max_and_min_sum_no_room():
    rows = np.tile(honest()[0], (4, 1))
    assert np.allclose(deltas.min_max(rows), rows[0]) and np.allclose(deltas.min_sum(rows), rows[0])


def test_mimic_takes_the_row_that_lies_furthest_along_the_first_principal_direction():
    rows = honest() * 0.1
    rows[4] += 5.0
    assert np.array_equal(deltas.mimic(rows), rows[4])
    assert np.array_equal(deltas.mimic(rows, victim=2), rows[2])


def test_a_colluding_group_stays_under_the_cosine_of_copies():
    random = np.random.default_rng(0)
    rows = deltas.disguise(np.tile(honest(size=5000)[0], (4, 1)), 0.05, random)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[np.triu_indices(4, 1)]
    assert np.all(cosines < 0.999) and np.all(cosines > 0.99)
    assert cosines.mean() == pytest.approx(1 / (1 + 0.05**2), abs=1e-3)


def test_the_search_finds_the_peak_of_the_harm():
    assert deltas.most_harmful(lambda z: -abs(z - 30.0)) == pytest.approx(30.0, abs=1.0)
    assert deltas.most_harmful(lambda z: -z) == 0.0


def test_optimised_alie_harms_a_median_at_least_as_much_as_a_fixed_z():
    rows = honest()

    def combine(all_rows):
        return np.median(all_rows, axis=0)

    def moved(vector):
        return np.linalg.norm(combine(np.concatenate([rows, np.tile(vector, (3, 1))])) - rows.mean(axis=0))

    assert moved(deltas.optimised_little(rows, 3, combine)) >= moved(deltas.little_is_enough(rows, 1.5))


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack.kind is Kind.DELTA])
def test_each_gives_a_finite_row_for_each_device_and_the_same_for_the_same_seed(name):
    def craft():
        random = np.random.default_rng(3)
        return ATTACKS[name].craft(Sight(honest(), np.zeros((3, 40)), random, lambda rows: rows.mean(axis=0)))

    made = craft()
    assert made.shape == (3, 40) and np.isfinite(made).all() and np.array_equal(made, craft())


# -- ByzFL's own


def oracle(name: str):
    """Import a part of ByzFL; the package's own __init__ would import what draws its pictures."""
    if "byzfl" not in sys.modules:
        found = importlib.util.find_spec("byzfl")
        assert found is not None and found.submodule_search_locations is not None
        package = ModuleType("byzfl")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["byzfl"] = package
    return importlib.import_module(f"byzfl.{name}")


@pytest.mark.parametrize("seed", range(3))
def test_byzfl_gives_the_same(seed):
    byzfl, aggregators = oracle("attacks.attacks"), oracle("aggregators.aggregators")
    rows = honest(seed)
    assert np.allclose(byzfl.SignFlipping()(rows), deltas.sign_flip(rows))
    for factor in (0.1, 2.0, 10.0):
        assert np.allclose(byzfl.InnerProductManipulation(factor)(rows), deltas.inner_product(rows, factor))
    assert np.allclose(byzfl.ALittleIsEnough(1.5)(rows), deltas.little_is_enough(rows, 1.5))
    assert np.allclose(byzfl.Mimic(2)(rows), deltas.mimic(rows, victim=2))
    median = aggregators.Median()
    optimal = byzfl.Optimal_ALittleIsEnough(agg=median, pre_agg_list=[], f=2)
    assert np.allclose(optimal(rows), deltas.optimised_little(rows, 2, median))
