"""Rule 4: copies, scaled and slightly disturbed copies, and updates that were not trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minerva.learning.similarity import OriginalityIndex, delta_cosine, is_copy, is_untrained
from minerva.learning.weights import Weights, parse, serialize

PPM = 999_000
SIZE = 40_000


def weights(vector: np.ndarray, dtype: torch.dtype = torch.float32) -> Weights:
    half = len(vector) // 3
    state = {
        "a": torch.from_numpy(vector[:half]).to(dtype),
        "b": torch.from_numpy(vector[half:]).to(dtype),
        "n": torch.tensor(1),
    }
    return parse(serialize(state, {}))


def vectors(count: int, size: int = SIZE, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.standard_normal(size) for _ in range(count)]


def test_the_cosine_is_that_of_the_deltas():
    base, first, second = vectors(3)
    expected = first @ second / np.sqrt((first @ first) * (second @ second))
    found = delta_cosine(weights(base + first), weights(base + second), weights(base))
    assert found == pytest.approx(expected, abs=1e-6)
    assert delta_cosine(weights(base + first), weights(base - first), weights(base)) == pytest.approx(
        -1, abs=1e-6
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_equal_updates_have_a_cosine_of_exactly_one(dtype):
    base, delta = vectors(2)
    update = weights(base + delta, dtype)
    assert delta_cosine(update, weights(base + delta, dtype), weights(base, dtype)) == 1.0
    assert is_copy(update, update, weights(base, dtype), 1_000_000)


@pytest.mark.parametrize(
    ("distance", "copy"), [(0.0, True), (0.03, True), (0.044, True), (0.046, False), (0.5, False)]
)
@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
def test_nearly_parallel_deltas_are_copies(distance, copy, scale):
    base, delta, noise = vectors(3)
    noise -= delta * (noise @ delta) / (delta @ delta)
    disturbed = scale * (delta + distance * np.linalg.norm(delta) / np.linalg.norm(noise) * noise)
    original, other, start = weights(base + delta), weights(base + disturbed), weights(base)
    assert is_copy(other, original, start, PPM) is copy
    index = OriginalityIndex[int](start, PPM)
    index.add(7, original)
    assert index.check(other) == (7 if copy else None)


def test_small_and_subnormal_deltas_still_count():
    base = np.zeros(SIZE)
    delta, other = vectors(2)
    assert is_copy(weights(delta * 1e-43), weights(delta * 1e-43), weights(base), PPM)
    assert not is_copy(weights(delta * 1e-30), weights(other * 1e-30), weights(base), PPM)


def test_the_decision_does_not_depend_on_threads_or_the_sketch():
    base, *deltas = vectors(6)
    start, updates = weights(base), [weights(base + delta) for delta in deltas]
    updates.append(weights(base + 2 * deltas[3]))
    outcomes = set()
    for threads, seed in ((1, 1), (2, 2), (4, None)):
        torch.set_num_threads(threads)
        index, found = OriginalityIndex[int](start, PPM, seed=seed), []
        for number, update in enumerate(updates):
            found.append(index.check(update))
            index.add(number, update)
        outcomes.add((tuple(found), delta_cosine(updates[0], updates[1], start)))
    torch.set_num_threads(1)
    assert len(outcomes) == 1 and next(iter(outcomes))[0] == (None,) * 5 + (3,)


def test_the_earliest_original_is_named():
    base, delta, other = vectors(3)
    start, index = weights(base), OriginalityIndex[str](weights(base), PPM)
    index.add("other", weights(base + other))
    index.add("first", weights(base + delta))
    index.add("second", weights(base + delta))
    assert index.check(weights(base + delta)) == "first"
    assert (
        index.near(weights(base + delta)) == ["first", "second"] and index.near(weights(base - delta)) == []
    )
    assert len(index) == 3 and index.check(start) is None


def test_many_updates_grow_the_index():
    base, *deltas = vectors(60, size=300)
    index = OriginalityIndex[int](weights(base), PPM)
    for number, delta in enumerate(deltas):
        assert index.check(weights(base + delta)) is None
        index.add(number, weights(base + delta))
    assert [index.check(weights(base + 0.5 * delta)) for delta in deltas] == list(range(59))


def test_a_copy_hidden_in_one_coordinate_is_found():
    base, delta = vectors(2)
    index = OriginalityIndex[int](weights(base), PPM)
    index.add(0, weights(base + delta))
    for position in (0, 1, SIZE - 1):
        disturbed = delta.copy()
        disturbed[position] += 0.04 * np.linalg.norm(delta)
        assert index.check(weights(base + disturbed)) == 0


def test_untrained_is_equal_floating_tensors_whatever_the_counters_say():
    base, delta = vectors(2)
    state = {"w": torch.from_numpy(base).float(), "n": torch.tensor(1)}
    start = parse(serialize(state, {}))
    assert is_untrained(parse(serialize({**state, "n": torch.tensor(9)}, {"round": "2"})), start)
    state["w"][SIZE - 1] += 1e-3
    assert not is_untrained(parse(serialize(state, {})), start)


def test_an_untrained_update_is_no_copy_of_a_trained_one():
    base, delta = vectors(2)
    start = weights(base)
    assert delta_cosine(start, weights(base + delta), start) == 0.0
    assert delta_cosine(start, start, start) == 1.0


def test_partial_sums_are_those_of_the_specification():
    """V9: the block's length decides the order of summation, so it is no figure to tune."""
    from pathlib import Path

    from minerva.learning.similarity import SUM_BLOCK

    text = (Path(__file__).parents[3] / "docs" / "SPECIFICATION.md").read_text()
    assert f"cut into blocks of {SUM_BLOCK:,} within a tensor" in text
