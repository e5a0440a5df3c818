"""Any rule in the life cycle of an aggregator: base + step, whatever the layout and dtypes of the updates."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minerva.learning.aggregation import aggregator, rule
from minerva.learning.aggregation.memory import pack_state, read_state, state_bytes
from minerva.learning.aggregation.rows import BLOCK
from minerva.learning.numbers import narrow
from minerva.learning.weights import UpdateRefused, Weights, parse, serialize

NAMES = {"federation": "0x5FbDB2315678afecb367f032d93F642f64180aa3", "round": "1"}
RULES = (
    "median", "trimmed_mean", "krum", "multi_krum", "geometric_median", "centred_clipping", "nnm+trimmed_mean",
    "bucketing+clip+fedavg", "fedavgm", "fedadam", "fedyogi", "centred_clipping+fedyogi",
)  # fmt: skip
COUNT = 7


def model(seed: int, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> Weights:
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        "a": torch.randn(5, generator=generator) * scale,
        "b": torch.randn(2, BLOCK - 3, generator=generator) * scale,
        "c": torch.tensor(seed),
        "d": torch.randn(0, generator=generator),
        "e": torch.randn((), generator=generator) * scale,
        "f": torch.randn(301, generator=generator) * scale,
    }
    tensors = {n: t.to(dtype) if t.is_floating_point() and n != "f" else t for n, t in tensors.items()}
    return parse(serialize(tensors, {}))


def flat(weights: Weights) -> np.ndarray:
    parts = [t.double().reshape(-1) for t in weights.to_torch().values() if t.is_floating_point()]
    return torch.cat(parts).numpy()


def aggregate(text: str, updates, base, state=None, threads=1) -> tuple[bytes, bytes | None]:
    total = aggregator(text)(base.specs, base=base, state=state, threads=threads)
    for update in updates:
        assert total.accept(update, 10)
    return total.aggregate(NAMES), total.state(NAMES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("text", RULES)
def test_the_model_is_the_base_moved_by_the_step(text, dtype):
    base, updates = model(0, dtype), [model(seed, dtype) for seed in range(1, COUNT + 1)]
    deltas = np.stack([flat(update) - flat(base) for update in updates])
    step, after = rule(text).combine(deltas, [10] * COUNT, {})
    data, state = aggregate(text, updates, base)
    made = parse(data)
    assert made.metadata == NAMES and made.specs == base.specs and data == serialize(made.to_torch(), NAMES)
    assert int(made["c"]) == 1  # the first accepted update's
    moved, place = flat(base) + step, 0
    for spec, array in zip(made.specs, made.arrays, strict=True):
        if spec.floating:
            expected = np.empty(spec.size, array.dtype)
            narrow(moved[place : place + spec.size], spec.dtype, expected)
            assert array.tobytes() == expected.tobytes()
            place += spec.size
    assert state == (pack_state(after, NAMES) if rule(text).remembers else None)


@pytest.mark.parametrize("text", RULES)
def test_one_model_and_state_for_any_number_of_threads_and_any_layout(text):
    base, updates = model(0), [model(seed) for seed in range(1, COUNT + 1)]
    first, state = aggregate(text, updates, base)
    before = state and read_state(state, rule(text), flat(base).size, federation=NAMES["federation"])
    results = {aggregate(text, updates, base, before, threads) for threads in (1, 2, 3)}
    other = [reversed_layout(update) for update in updates]
    results.add(aggregate(text, other, reversed_layout(base), before, 2))
    assert len(results) == 1


def reversed_layout(weights: Weights) -> Weights:
    """Write the same tensors in a layout that the format allows and the canonical writer does not make."""
    import json

    items = list(zip(weights.specs, weights.arrays, strict=True))[::-1]
    header, offset = {}, 0
    for spec, _ in items:
        end = offset + spec.nbytes
        header[spec.name] = {"dtype": spec.dtype, "shape": list(spec.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8 + 1)  # nor are its numbers aligned
    return parse(len(text).to_bytes(8, "little") + text + b"".join(a.tobytes() for _, a in items))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("text", ["fedavgm:lr=100000", "fedadam:lr=1000000,tau=1", "median", "clip+fedavg"])
def test_a_model_never_holds_nan_or_infinity(text, dtype):
    most = torch.finfo(dtype).max
    base = parse(serialize({"w": torch.full((9,), -most, dtype=dtype)}, {}))
    updates = [parse(serialize({"w": torch.full((9,), most, dtype=dtype)}, {}))] * 3
    state = None
    for _ in range(3):
        data, kept = aggregate(text, updates, base, state)
        base = parse(data)
        assert torch.isfinite(base.to_torch()["w"]).all()
        state = kept and read_state(kept, rule(text), 9, federation=NAMES["federation"])


def test_an_update_of_another_model_or_weight_is_refused_and_a_reset_forgets():
    base = model(0)
    total = aggregator("median")(base.specs, base=base)
    assert not total.accept(parse(serialize({"w": np.ones(2, "f4")}, {})), 1)
    for weight in (0, 2**29):
        with pytest.raises(ValueError, match=str(weight)):
            total.accept(base, weight)
    with pytest.raises(ValueError, match="parent"):
        total.aggregate(NAMES)
    total.accept(model(1), 1)
    assert (flat(parse(total.aggregate(NAMES))) == flat(model(1))).all()
    total.reset()
    total.accept(model(2), 1)
    assert (flat(parse(total.aggregate(NAMES))) == flat(model(2))).all()


def test_a_rule_of_deltas_needs_the_base():
    with pytest.raises(ValueError, match="needs the global model"):
        aggregator("median")(model(0).specs)
    with pytest.raises(ValueError, match="not a model of these tensors"):
        aggregator("median")(model(0).specs, base=parse(serialize({"w": np.ones(2, "f4")}, {})))


def test_only_a_state_of_the_rule_and_federation_is_read():
    named, state = rule("fedadam"), {n: np.ones(4, "f4") for n in ("momentum", "second_moment")}
    where = {"federation": NAMES["federation"]}
    data = pack_state(state, NAMES)
    assert len(data) <= state_bytes(named, 4)
    assert {n: v.tolist() for n, v in read_state(data, named, 4, **where).items()} == {
        n: [1.0] * 4 for n in state
    }
    for wrong in (
        pack_state({"momentum": np.ones(4, "f4")}, NAMES),
        pack_state({n: np.ones(5, "f4") for n in state}, NAMES),
        pack_state({n: np.ones(4, "f8").astype("f2") for n in state}, NAMES),
        pack_state({**state, "momentum": np.array([1, np.inf, 1, 1], "f4")}, NAMES),
        pack_state({**state, "second_moment": -np.ones(4, "f4")}, NAMES),
        pack_state(state, {**NAMES, "federation": "0x" + "0" * 40}),
        pack_state(state, {**NAMES, "device": "x"}),
        data + b"\0" * 5000,
        b"nothing",
    ):
        with pytest.raises(UpdateRefused):
            read_state(wrong, named, 4, **where)
