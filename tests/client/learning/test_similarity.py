"""Inner products of deltas: exact enough, the same on any machine, and what untrained means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from minerva.learning.similarity import SUM_BLOCK, elements, inner_products, is_untrained
from minerva.learning.weights import Weights, parse, serialize

SIZE = 100_000


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


def test_inner_products_are_those_of_the_deltas():
    base, first, second = vectors(3)
    found = inner_products(
        weights(base + first), [weights(base + second), weights(base - first)], weights(base)
    )
    assert found == pytest.approx([first @ second, -first @ first], rel=1e-5, abs=1.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_equal_updates_have_equal_products(dtype):
    base, delta = vectors(2)
    update, again = weights(base + delta, dtype), weights(base + delta, dtype)
    found = inner_products(update, [update, again], weights(base, dtype))
    assert found[0] == found[1] > 0


def by_the_specification(first: Weights, second: Weights, base: Weights) -> float:
    """V9 written out a second time, one block after the other."""
    total = 0.0
    for spec, *arrays in zip(base.specs, first.arrays, second.arrays, base.arrays, strict=True):
        if spec.floating:
            one, other, start = (array.reshape(-1).astype(np.float64) for array in arrays)
            values = (one - start) * (other - start)
            for block in np.split(values, range(SUM_BLOCK, len(values), SUM_BLOCK)):
                while len(block) > 1:
                    half = (len(block) + 1) // 2
                    upper = block[half:]
                    block = block[:half].copy()
                    block[: len(upper)] += upper
                total += float(block[0])
    return total


@pytest.mark.parametrize("size", [7, 3 * SUM_BLOCK, SIZE])
def test_the_bits_are_those_of_the_specification_for_any_company_and_threads(size):
    base, *deltas = vectors(40, size)
    start, updates = weights(base), [weights(base + delta) for delta in deltas]
    expected = [by_the_specification(updates[0], other, start) for other in updates]
    for threads in (1, 4):
        torch.set_num_threads(threads)
        assert inner_products(updates[0], updates, start) == expected
        assert [inner_products(other, updates[:1], start)[0] for other in updates] == expected
    torch.set_num_threads(1)


def test_small_and_subnormal_deltas_still_count():
    base = np.zeros(SIZE)
    delta = weights(vectors(1)[0] * 1e-43)
    assert inner_products(delta, [delta], weights(base))[0] > 0


def test_untrained_is_equal_floating_tensors_whatever_the_counters_say():
    base, _ = vectors(2)
    state = {"w": torch.from_numpy(base).float(), "n": torch.tensor(1)}
    start = parse(serialize(state, {}))
    assert is_untrained(parse(serialize({**state, "n": torch.tensor(9)}, {"round": "2"})), start)
    state["w"][SIZE - 1] += 1e-3
    assert not is_untrained(parse(serialize(state, {})), start)
    assert elements(start) == SIZE


def test_partial_sums_are_those_of_the_specification():
    """V9: the block's length decides the order of summation, so it is no figure to tune."""
    text = (Path(__file__).parents[3] / "docs" / "SPECIFICATION.md").read_text()
    assert f"cut into blocks of {SUM_BLOCK:,} within a tensor" in text
