"""FedAvg: exact, the same bytes on any number of threads, and one model of memory."""

from __future__ import annotations

import gc
import random
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.learning.aggregation import FedAvg, aggregator
from minerva.learning.numbers import BLOCK
from minerva.learning.weights import Weights, parse, serialize

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
NAMES = {"federation": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "round": "1"}


def weights(**tensors) -> Weights:
    return parse(serialize(tensors, {}))


def average(updates: list[Weights], samples: list[int], threads: int = 1) -> bytes:
    rule = aggregator("fedavg")(updates[0].specs, threads=threads)
    for update, count in zip(updates, samples, strict=True):
        assert rule.accept(update, count)
    return rule.aggregate(NAMES)


def exact_float32(values: list[np.float32], samples: list[int]) -> np.float32:
    """Sum in float64 with exact products, then divide and round, all in fractions."""
    total = 0.0
    for value, count in zip(values, samples, strict=True):
        total = float(Fraction(total) + Fraction(float(value)) * count)
    return np.float32(float(Fraction(total) / sum(samples)))


def test_the_mean_is_weighted_by_samples():
    data = average([weights(w=np.array([1, 2], "f4")), weights(w=np.array([5, -2], "f4"))], [3, 1])
    assert parse(data).metadata == NAMES
    np.testing.assert_array_equal(parse(data)["w"], np.array([2, 1], "f4"))


def test_the_output_is_canonical():
    data = average([weights(b=np.ones(3, "f4"), a=np.ones((2, 2), "f2"), n=np.array(4, "i8"))], [7])
    assert data == serialize(
        {"a": np.ones((2, 2), "f2"), "b": np.ones(3, "f4"), "n": np.array(4, "i8")}, NAMES
    )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(FINITE, st.integers(1, 2**29 - 1)),
        min_size=1,
        max_size=6,
    )
)
def test_every_step_is_correctly_rounded(pairs):
    values, samples = [np.float32(value) for value, _ in pairs], [count for _, count in pairs]
    result = parse(average([weights(w=np.array([value])) for value in values], samples))["w"][0]
    assert result == exact_float32(values, samples)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_bytes_do_not_depend_on_threads(dtype):
    generator = torch.Generator().manual_seed(0)
    states = [
        {
            "a": torch.randn(3 * BLOCK + 17, generator=generator).to(dtype),
            "b": torch.randn(5, generator=generator).to(dtype),
        }
        for _ in range(6)
    ]
    updates = [parse(serialize(state, {})) for state in states]
    samples = [random.Random(0).randrange(1, 2**20) for _ in updates]
    assert len({average(updates, samples, threads) for threads in (1, 2, 3, 8)}) == 1


def test_the_order_of_updates_matters_and_is_kept():
    values = [np.float32(2.0**100), np.float32(1.0), np.float32(-(2.0**100))]
    first = average([weights(w=np.array([v])) for v in values], [1, 1, 1])
    second = average([weights(w=np.array([v])) for v in (values[0], values[2], values[1])], [1, 1, 1])
    assert parse(first)["w"][0] == 0.0 and parse(second)["w"][0] == np.float32(1 / 3)


def test_the_mean_is_rounded_once_to_bfloat16():
    # two neighbours, weighted so that their mean lies just above the tie between them
    one, next_one = torch.tensor([1.0], dtype=torch.bfloat16), torch.tensor([1.0078125], dtype=torch.bfloat16)
    half = 2**28
    data = average([weights(w=one), weights(w=next_one)], [half, half + 1])
    assert parse(data).to_torch()["w"].item() == 1.0078125
    mean = (1.0 * half + 1.0078125 * (half + 1)) / (2 * half + 1)
    assert torch.tensor([mean], dtype=torch.float64).bfloat16().item() == 1.0  # rounding twice falls short


def test_extremes_of_the_dtype_do_not_overflow():
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        largest = torch.full((3,), torch.finfo(dtype).max, dtype=dtype)
        for count in (1, 2**29 - 1):
            data = average([weights(w=largest)] * 3, [count] * 3)
            assert torch.equal(parse(data).to_torch()["w"], largest)
        assert (
            parse(average([weights(w=-largest), weights(w=largest)], [1, 1])).to_torch()["w"].tolist()
            == [0.0] * 3
        )


def test_a_sum_of_negative_zeros_starts_from_plus_zero():
    data = average([weights(w=np.array([-0.0], "f4"))] * 2, [1, 2])
    assert not np.signbit(parse(data)["w"][0])


def test_integer_buffers_are_the_first_updates():
    updates = [weights(n=np.array([k, 2**62 + k], "i8"), w=np.array([k], "f4")) for k in (3, 1, 2)]
    assert list(parse(average(updates, [1, 9, 1]))["n"]) == [3, 2**62 + 3]


def test_an_update_of_another_model_changes_nothing():
    rule = FedAvg(weights(w=np.ones(2, "f4")).specs)
    assert rule.accept(weights(w=np.ones(2, "f4")), 1)
    for other in (weights(w=np.ones(3, "f4")), weights(v=np.ones(2, "f4")), weights(w=np.ones(2, "f2"))):
        assert not rule.accept(other, 5)
    assert rule.aggregate(NAMES) == serialize({"w": np.ones(2, "f4")}, NAMES)


@pytest.mark.parametrize("weight", [0, -1, 2**29])
def test_reverts_when_a_weight_is_out_of_bounds(weight):
    with pytest.raises(ValueError, match=str(weight)):
        FedAvg(weights(w=np.ones(2, "f4")).specs).accept(weights(w=np.ones(2, "f4")), weight)


def test_reverts_when_nothing_was_accepted_also_after_a_reset():
    rule = FedAvg(weights(w=np.ones(2, "f4")).specs)
    with pytest.raises(ValueError, match="parent"):
        rule.aggregate(NAMES)
    rule.accept(weights(w=np.ones(2, "f4")), 1)
    rule.reset()
    with pytest.raises(ValueError, match="parent"):
        rule.aggregate(NAMES)
    rule.accept(weights(w=np.full(2, 4, "f4")), 1)
    assert parse(rule.aggregate(NAMES))["w"][0] == 4.0
    rule.accept(weights(w=np.full(2, 2, "f4")), 1)
    assert parse(rule.aggregate(NAMES))["w"][0] == 3.0


def test_memory_does_not_grow_with_the_number_of_updates():
    size = 2**20

    def peak(count: int) -> int:
        gc.collect()
        tracemalloc.start()
        rule = FedAvg(weights(w=np.zeros(size, "f4")).specs)
        for seed in range(count):
            rule.accept(weights(w=np.full(size, seed, "f4")), 1)
        rule.aggregate(NAMES)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(8)  # compiles
    assert peak(40) < peak(16) * 1.1
