"""Compiled loops and their numpy twins give the same bytes, on one thread and on two."""

from __future__ import annotations

import numpy as np
import pytest

from minerva.learning.aggregation import aggregator, kernels
from minerva.learning.weights import parse, serialize

RULES = (
    "fedavg", "median", "trimmed_mean", "multi_krum", "geometric_median", "nnm+trimmed_mean", "bucketing+clip+krum",
    "centred_clipping+fedadam",
)  # fmt: skip
NAMES = {"federation": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "round": "1"}
COUNT, SIZE = 19, 20_011


def models() -> list:
    random = np.random.default_rng(1)
    tensors = []
    for _ in range(COUNT + 1):
        w = (random.standard_normal(SIZE) * random.choice([1, 1, 1, -300])).astype("f4")
        w[random.integers(0, SIZE, 50)] = random.choice(np.array([0.0, -0.0, 3e38, -3e38, 1e-45], "f4"))
        tensors.append({"w": w, "v": random.standard_normal((3, 5)).astype("f2")})
    return [parse(serialize(tensor, {})) for tensor in tensors]


@pytest.fixture(scope="module")
def updates() -> list:
    return models()


@pytest.mark.parametrize("text", RULES)
def test_compiled_loops_change_no_byte(text, updates, monkeypatch):
    base, *local = updates

    def made(compiled: bool, threads: int) -> tuple[bytes, bytes | None]:
        monkeypatch.setattr(kernels, "COMPILED", compiled)
        assert kernels.pays(COUNT * SIZE) is compiled
        total = aggregator(text)(base.specs, base=base, threads=threads)
        for number, update in enumerate(local):
            assert total.accept(update, number + 1)
        return total.aggregate(NAMES), total.state(NAMES)

    assert len({made(True, 1), made(True, 2), made(False, 1), made(False, 2)}) == 1
