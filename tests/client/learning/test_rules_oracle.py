"""Every rule gives what byzfl's does, on honest and on hostile updates."""

from __future__ import annotations

import numpy as np
import pytest
from byzfl_oracle import load

from minerva.learning.aggregation import rule
from minerva.learning.aggregation.bucketing import keys
from minerva.learning.aggregation.distances import centred_clipping, clipped, geometric_median
from minerva.learning.aggregation.gram import gram, squared_norms
from minerva.learning.aggregation.rows import ArrayRows

byzfl, mixers = load("aggregators"), load("preaggregators")

N, F, SIZE = 20, 4, 3000


def honest(seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).randn(N, SIZE) * 0.01 + np.random.RandomState(seed + 99).randn(SIZE)


def with_attackers(vectors) -> np.ndarray:
    rows = honest()
    rows[[0, 5, 11, 19]] = vectors(rows)
    return rows


def little(rows):  # ALIE
    return rows.mean(axis=0) - 1.5 * rows.std(axis=0, ddof=1)


CASES = {
    "honest": honest(),
    "one value": np.tile(honest()[0], (N, 1)),
    "sign flip": with_attackers(lambda rows: -rows.mean(axis=0)),
    "IPM 10": with_attackers(lambda rows: -10 * rows.mean(axis=0)),
    "ALIE": with_attackers(little),
    "Gaussian": with_attackers(lambda rows: np.random.RandomState(7).randn(4, SIZE) * 100),
    "huge": with_attackers(lambda rows: np.full(SIZE, 1e12)),
    "copies": with_attackers(lambda rows: rows[3]),
}
ORACLES = {
    "fedavg": byzfl.Average(),
    "median": byzfl.Median(),
    "trimmed_mean:f=4": byzfl.TrMean(F),
    "krum:f=4": byzfl.Krum(F),
    "multi_krum:f=4": byzfl.MultiKrum(F),
}


@pytest.fixture(params=sorted(CASES))
def rows(request) -> np.ndarray:
    return CASES[request.param].copy()


def combine(text: str, rows: np.ndarray) -> np.ndarray:
    step, state = rule(text).combine(rows, [1] * len(rows), {})
    assert step.dtype == np.float64 and set(state) == set(rule(text).remembers)
    return step


def close(ours: np.ndarray, theirs: np.ndarray, rows: np.ndarray) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * np.abs(rows).max())


@pytest.mark.parametrize("text", sorted(ORACLES))
def test_rules_agree_with_the_oracle(text, rows):
    close(combine(text, rows), ORACLES[text](rows), rows)


@pytest.mark.parametrize("text", ["fedavg", "median", "trimmed_mean:f=4"])
def test_rules_after_mixing_agree_with_the_oracle(text, rows):
    close(combine(f"nnm:f=4+{text}", rows), ORACLES[text](mixers.NNM(F)(rows)), rows)


def test_fedavg_weighs_by_samples(rows):
    weights = list(range(1, N + 1))
    step, _ = rule("fedavg").combine(rows, weights, {})
    close(step, np.average(rows, axis=0, weights=weights), rows)


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_the_geometric_median_agrees_step_by_step(steps, rows):
    coefficients = geometric_median(gram(ArrayRows(rows)), steps, smoothing=0.1)
    theirs = byzfl.GeometricMedian(nu=0.1, T=steps)(rows)
    # distances by the Gram matrix lose half of the digits where a distance is far below the norms
    np.testing.assert_allclose(coefficients @ rows, theirs, rtol=1e-6, atol=1e-6 * np.abs(theirs).max())


def test_the_geometric_median_has_the_least_total_distance(rows):
    def cost(point):
        return np.linalg.norm(rows - point, axis=1).sum()

    best = cost(combine("geometric_median", rows))
    assert best <= cost(byzfl.GeometricMedian(nu=1e-6, T=300)(rows)) * (1 + 1e-5) + 1e-10


@pytest.mark.parametrize("radius", [0.1, 30.0, 1e9])
def test_centred_clipping_agrees_with_a_fixed_radius(radius, rows):
    oracle = byzfl.CenteredClipping(L=3, tau=radius)
    first = oracle(rows)
    ours = centred_clipping(gram(ArrayRows(rows)), N, 3, lambda _: radius)
    np.testing.assert_allclose(ours @ rows, first, rtol=1e-6, atol=1e-7 * np.abs(first).max())
    centred = np.vstack((rows, first))
    again = centred_clipping(gram(ArrayRows(centred)), N, 3, lambda _: radius)
    second = oracle(rows)
    np.testing.assert_allclose(again @ centred, second, rtol=1e-6, atol=1e-7 * np.abs(second).max())


def test_clipping_agrees_with_the_oracle_at_the_median_norm(rows):
    norms = np.linalg.norm(rows, axis=1)
    theirs = mixers.Clipping(float(np.sort(norms)[(N - 1) // 2]))(rows.copy())
    close(combine("clip+fedavg", rows), theirs.mean(axis=0), rows)
    assert clipped(np.array([0.0, 1.0, 4.0]), 2.0).tolist() == [1.0, 1.0, 0.5]


def test_bucketing_averages_a_shuffled_order(rows, monkeypatch):
    places = keys(squared_norms(ArrayRows(rows)))
    order = sorted(range(N), key=places.__getitem__)
    monkeypatch.setattr(np.random, "permutation", lambda rows: rows[order])
    assert order != list(range(N)) or len(set(places)) == 1
    for size in (2, 3):
        theirs = byzfl.Median()(mixers.Bucketing(size)(rows))
        close(combine(f"bucketing:s={size}+median", rows), theirs, rows)
