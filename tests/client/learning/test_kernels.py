"""Compiled loops and their numpy twins give the same bytes, on one thread and on two."""

from __future__ import annotations

import json
import mmap

import numpy as np
import pytest

from minerva.learning.aggregation import aggregator, kernels
from minerva.learning.aggregation.gram import gram, squared_norms
from minerva.learning.aggregation.rows import ArrayRows
from minerva.learning.aggregation.updates import UpdateRows
from minerva.learning.aggregation.window import is_mapped
from minerva.learning.weights import Weights, pack, parse, serialize

RULES = (
    "fedavg", "median", "trimmed_mean", "multi_krum", "geometric_median", "nnm+trimmed_mean", "bucketing+clip+krum",
    "centred_clipping+fedadam",
)  # fmt: skip
NAMES = {"federation": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "round": "1"}
COUNT, SIZE = 19, 20_011


def models(dtype: str, count: int = COUNT) -> list:
    """A base and its updates, with tensors of ``dtype`` beside float32 ones and a counter between these."""
    random = np.random.default_rng(1)
    tensors = []
    for _ in range(count + 1):
        w = (random.standard_normal(SIZE) * random.choice([1, 1, 1, -300])).astype("f4")
        w[random.integers(0, SIZE, 50)] = random.choice(np.array([0.0, -0.0, 3e38, -3e38, 1e-45], "f4"))
        v = random.standard_normal((3, 5)).astype(dtype)
        tensors.append({"a": w[:4_099], "b": np.array(7), "c": np.empty(0, "f4"), "v": v, "w": w[4_099:]})
    return [parse(serialize(tensor, {})) for tensor in tensors]


@pytest.fixture(scope="module", params=["f2", "f4"])
def updates(request) -> list:
    return models(request.param)


def made(text: str, updates: list, threads: int = 1) -> tuple[bytes, bytes | None]:
    base, *local = updates
    total = aggregator(text)(base.specs, base=base, threads=threads)
    for number, update in enumerate(local):
        assert total.accept(update, number + 1)
    return total.aggregate(NAMES), total.state(NAMES)


@pytest.mark.parametrize("text", RULES)
def test_compiled_loops_change_no_byte(text, updates, monkeypatch):
    found = set()
    for compiled in (True, False):
        monkeypatch.setattr(kernels, "COMPILED", compiled)
        assert kernels.pays(COUNT * SIZE) is compiled
        found |= {made(text, updates, threads) for threads in (1, 2)}
    assert len(found) == 1


@pytest.mark.parametrize("text", ["fedavg", "multi_krum"])
def test_where_the_updates_lie_changes_no_byte(text, tmp_path):
    """In memory, in mapped files, at odd addresses, with their tensors in another order: all the same."""
    updates = models("f4")
    expected = made(text, updates)
    mapped, odd = [], []
    for number, update in enumerate(updates):
        data = pack(zip(update.specs, update.arrays, strict=True), {})
        path = tmp_path / str(number)
        path.write_bytes(data)
        with path.open("rb") as file:
            mapped.append(parse(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))))
        odd.append(parse(memoryview(b"?" + data)[1:]))
        assert is_mapped(mapped[-1]) and not is_mapped(odd[-1])
    assert odd[-1]["w"].ctypes.data % 4
    assert made(text, mapped) == made(text, odd) == expected
    assert made(text, [*updates[:7], *map(reordered, updates[7:])]) == expected


def reordered(update: Weights) -> Weights:
    """Write a file whose data do not follow each other as their names do."""
    header, parts, offset = {}, [], 0
    for spec, array in reversed(list(zip(update.specs, update.arrays, strict=True))):
        end = offset + spec.nbytes
        header[spec.name] = {"dtype": spec.dtype, "shape": list(spec.shape), "data_offsets": [offset, end]}
        parts.append(array.tobytes())
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return parse(b"".join([len(text).to_bytes(8, "little"), text, *parts]))


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 21])
def test_inner_products_of_any_number_of_rows_are_those_of_the_specification(count, monkeypatch):
    base, *local = models("f4", count)
    large = np.random.default_rng(2).standard_normal((count, 20_000)).astype("f4")
    monkeypatch.setattr(kernels, "LEAST", 1)
    assert UpdateRows(base, local).window
    found = [gram(UpdateRows(base, local), 2), gram(ArrayRows(large))]
    norms = squared_norms(UpdateRows(base, local))
    monkeypatch.setattr(kernels, "COMPILED", False)
    assert not UpdateRows(base, local).window
    np.testing.assert_array_equal(found[0], gram(UpdateRows(base, local)))
    np.testing.assert_array_equal(found[1], gram(ArrayRows(large)))
    np.testing.assert_array_equal(norms, np.diagonal(found[0]))
