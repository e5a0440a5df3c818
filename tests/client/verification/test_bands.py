"""Rules 4 and 5 over a round: copies in every disguise, sums, and updates far too long (V9 to V12)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.verification.bands import bound, certain_copies, judge_products, least_usual, lower_median

RULES = RuleParameters()
OFF = replace(RULES, original_spread_permille=10**6, copy_cosine_ppm=10**6, bound_permille=10**12)
SIZE = 4000
Vectors = npt.NDArray[np.float64]


def honest(count: int = 20, seed: int = 0, common: float = 1.0) -> Vectors:
    """Deltas as of devices with data of their own: a common direction, and as much of each one's own."""
    random = np.random.default_rng(seed)
    direction = common * random.standard_normal(SIZE)
    return random.standard_normal((count, SIZE)) * random.uniform(0.8, 1.2, (count, 1)) + direction


def judged(deltas: Vectors, rules: RuleParameters = RULES) -> list[Reason | None]:
    return judge_products(deltas @ deltas.T, SIZE, rules)


def noise(delta: Vectors, share: float, seed: int = 99) -> Vectors:
    random = np.random.default_rng(seed).standard_normal(SIZE)
    disturbed: Vectors = delta + share * np.linalg.norm(delta) / np.linalg.norm(random) * random
    return disturbed


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("common", [0.0, 0.3, 1.0, 2.0])
def test_devices_with_data_of_their_own_are_refused_for_nothing(seed: int, common: float) -> None:
    assert judged(honest(seed=seed, common=common)) == [None] * 20


@pytest.mark.parametrize("scale", [1e-3, 0.5, 1.0, 2.0, 1e3])
def test_a_scaled_copy_is_a_copy(scale: float) -> None:
    deltas = np.vstack((honest(), scale * honest()[3]))
    assert judged(deltas) == [None] * 20 + [Reason.COPY]
    assert judged(deltas[[20, *range(20)]])[4] is Reason.COPY  # the earlier of the two is the original


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.2])
def test_a_copy_with_noise_is_a_copy(share: float) -> None:
    deltas = honest()
    assert judged(np.vstack((deltas, noise(deltas[3], share)))) == [None] * 20 + [Reason.COPY]
    assert judged(np.vstack((deltas, noise(deltas[3], share))), OFF)[-1] is None


def test_several_noisy_copies_are_each_refused() -> None:
    deltas = honest()
    copies = [noise(deltas[3], 0.1, seed) for seed in range(4)]
    assert judged(np.vstack((deltas, copies))) == [None] * 20 + [Reason.COPY] * 4


def test_what_is_mostly_noise_is_no_copy_any_more() -> None:
    deltas = honest()
    assert judged(np.vstack((deltas, noise(deltas[3], 1.0))))[-1] is None


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, -1.0), (0.5, 0.3, 0.2), (-1.0,), (1.0,) * 8], ids=str)
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_sum_of_earlier_updates_is_refused(weights: tuple[float, ...], share: float) -> None:
    deltas = honest()
    total = noise(np.asarray(weights) @ deltas[2 : 2 + len(weights)], share)
    total *= np.linalg.norm(deltas[0]) / np.linalg.norm(total)
    assert judged(np.vstack((deltas, total))) == [None] * 20 + [Reason.COMBINATION]
    if share:
        assert judged(np.vstack((deltas, total)), OFF)[-1] is None


def test_the_latest_part_of_a_sum_is_what_is_refused() -> None:
    """Which one is the sum nobody can see afterwards; a front-runner cannot be the sum of what is not there yet."""
    deltas = honest()
    total = (deltas[0] + deltas[1]) / 2
    assert judged(np.vstack((deltas[:1], total, deltas[1:])))[:3] == [None, None, Reason.COMBINATION]


def test_a_sum_of_a_refused_sum_is_refused_too() -> None:
    deltas = honest()
    first = deltas[0] + deltas[1]
    assert judged(np.vstack((deltas, first, first + deltas[2])))[-2:] == [Reason.COMBINATION] * 2


def test_a_model_of_few_numbers_has_no_sums() -> None:
    """In 20 dimensions 20 updates span everything: nobody is refused for that."""
    deltas = np.random.default_rng(0).standard_normal((20, 20))
    assert judge_products(deltas @ deltas.T, 20, RULES) == [None] * 20


@pytest.mark.parametrize("scale", [4.0, 10.0, 1e6])
def test_one_that_goes_much_further_is_out_of_bound(scale: float) -> None:
    deltas = honest()
    deltas[7] *= scale
    expected = [Reason.OUT_OF_BOUND if number == 7 else None for number in range(20)]
    assert judged(deltas) == expected
    assert judged(deltas, OFF) == [None] * 20


def test_a_minority_that_goes_far_together_does_not_widen_the_band() -> None:
    deltas = honest()
    deltas[12:] *= 10.0
    assert judged(deltas) == [None] * 12 + [Reason.OUT_OF_BOUND] * 8


def test_copies_of_a_giant_cannot_make_it_usual() -> None:
    deltas = honest()
    giant = 20.0 * deltas[4]
    crowd = np.vstack((deltas[:4], giant, deltas[5:], *([giant] * 25)))
    assert judged(crowd)[4] is Reason.OUT_OF_BOUND


def test_equal_norms_refuse_nobody_near_them() -> None:
    norms = [1.0] * 10
    assert bound(norms, RULES) == 2.5
    assert bound([0.9, 1.0, 1.0, 1.1, 3.0], RULES) == 2.5
    assert bound([1.0, 2.0, 3.0, 4.0, 5.0], RULES) == 13.0


def test_a_small_round_says_nothing_of_what_is_usual() -> None:
    assert bound([1.0, 1.0, 1.0, 100.0], RULES) == float("inf")
    assert least_usual([1.0] * 4, RULES) == 0.0
    deltas = honest(3)
    assert judged(np.vstack((deltas, deltas[0]))) == [None] * 3 + [Reason.COPY]
    assert judged(np.vstack((deltas, deltas[0] + deltas[2])))[-1] is Reason.COMBINATION


def test_the_least_usual_value_is_that_of_the_specification() -> None:
    rules = replace(RULES, original_spread_permille=1250, original_power=2)
    assert least_usual([4.0, 4.0, 4.0, 4.0, 4.0], rules) == 4.0 / 1.25 / 1.25
    assert (
        least_usual([1.0, 2.0, 4.0, 8.0, 16.0], rules) == 1.0
    )  # median 4, half of the values within a factor 2
    assert least_usual([0.0, 0.0, 0.0, 1.0, 1.0], rules) == 0.0
    assert lower_median([3.0, 1.0, 2.0, 4.0]) == 2.0


def test_without_the_other_contents_only_near_equal_ones_are_copies_for_certain() -> None:
    deltas = np.vstack((honest(), honest()[3], noise(honest()[4], 0.1)))
    assert certain_copies(deltas @ deltas.T, RULES) == [None] * 20 + [Reason.COPY, None]


def test_vanishing_norms_are_no_error() -> None:
    """Squares of subnormal deltas underflow to 0: two such are copies, none is one of any other."""
    products = np.zeros((6, 6))
    products[:4, :4] = np.eye(4)
    found = judge_products(products, SIZE, RULES)
    assert found == [None] * 5 + [Reason.COPY]
