"""Rule 2 against strangers' bytes: one reason for each fault, and never anything but a refusal."""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import tracemalloc

import numpy as np
import pytest
import torch

from minerva.errors import MinervaError
from minerva.learning.weights import (
    UpdateRefused,
    bytes_to_state,
    check_model,
    check_update,
    parse,
    serialize,
    spec_of,
)
from minerva.protocol.manifest import TensorSpec
from minerva.protocol.reasons import Reason

TENSORS = {
    "bias": np.array([1, 2], "f4"),
    "count": np.array(7, "i8"),
    "half": np.ones(3, "f2"),
    "seen": np.array([True, False]),
    "weight": np.arange(6, dtype="f4").reshape(2, 3),
}
SPEC = spec_of(TENSORS)


def expect(metadata: dict[str, str]) -> dict:
    return {**metadata, "round": int(metadata["round"]), "max_bytes": 4096}


def raw(header: object, body: bytes = b"", *, text: bytes | None = None) -> bytes:
    text = json.dumps(header).encode() if text is None else text
    return struct.pack("<Q", len(text)) + text + body


def entry(shape: object, begin: object, end: object, dtype: object = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def torch_file() -> bytes:
    buffer = io.BytesIO()
    torch.save({"w": torch.ones(3)}, buffer)
    return buffer.getvalue()


MALFORMED = {
    "empty": b"",
    "short": b"\0" * 7,
    "zeros": b"\0" * 64,
    "header longer than the file": struct.pack("<Q", 100) + b"{}",
    "header of 2^64 - 1": b"\xff" * 8 + b"{}",
    "pickle": pickle.dumps({"w": [1.0] * 64}),
    "old pickle": pickle.dumps({"w": [1.0] * 64}, protocol=0),
    "torch.save": torch_file(),
    "not UTF-8": raw(0, text=b'{"\xff": 1}'),
    "not JSON": raw(0, text=b"{not json}"),
    "an array": raw([1, 2]),
    "a number": raw(7),
    "leading space": raw(0, text=b" {}"),
    "nested arrays": raw(0, text=b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    "nested objects": raw(0, text=b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "a number of many digits": raw(0, text=b'{"a":' + b"9" * 100_000 + b"}"),
    "a key twice": raw(0, text=b'{"w":{},"w":{}}'),
    "a field twice": raw(
        0, b"\0" * 4, text=b'{"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    ),
    "lone surrogate": raw({"\ud800": entry([0], 0, 0)}),
    "metadata is a list": raw({"__metadata__": []}),
    "metadata holds a number": raw({"__metadata__": {"round": 1}}),
    "a tensor that is null": raw({"w": None}),
    "a field too many": raw({"w": {**entry([1], 0, 4), "more": 1}}, b"\0" * 4),
    "a field too few": raw({"w": {"dtype": "F32", "shape": [1]}}, b"\0" * 4),
    "unknown dtype": raw({"w": entry([1], 0, 8, "F64")}, b"\0" * 8),
    "dtype is a list": raw({"w": entry([1], 0, 4, ["F32"])}, b"\0" * 4),
    "negative length": raw({"w": entry([-1], 0, 4)}, b"\0" * 4),
    "two negative lengths": raw({"w": entry([-1, -1], 0, 4)}, b"\0" * 4),
    "a length that is true": raw({"w": entry([True], 0, 4)}, b"\0" * 4),
    "a length that is a float": raw({"w": entry([1.0], 0, 4)}, b"\0" * 4),
    "NaN for a length": raw(0, text=b'{"w":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}'),
    "huge shape": raw({"w": entry([2**39, 2**39], 0, 2**80)}, b"\0" * 4),
    "huge lengths and a zero": raw({"w": entry([0, 2**39, 2**39], 0, 0)}),
    "seventeen dimensions": raw({"w": entry([1] * 17, 0, 4)}, b"\0" * 4),
    "shape is a text": raw({"w": entry("1", 0, 4)}, b"\0" * 4),
    "offsets reversed": raw({"w": entry([1], 4, 0)}, b"\0" * 4),
    "offsets negative": raw({"w": entry([1], -4, 0)}, b"\0" * 4),
    "three offsets": raw({"w": {**entry([1], 0, 4), "data_offsets": [0, 4, 8]}}, b"\0" * 4),
    "shape and length differ": raw({"w": entry([2], 0, 4)}, b"\0" * 4),
    "overlap": raw({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, b"\0" * 12),
    "the same bytes twice": raw({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, b"\0" * 4),
    "gap": raw({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, b"\0" * 12),
    "gap at the start": raw({"a": entry([1], 4, 8)}, b"\0" * 8),
    "past the end": raw({"a": entry([2], 0, 8)}, b"\0" * 4),
    "trailing bytes": raw({"a": entry([1], 0, 4)}, b"\0" * 5),
    "bytes without a tensor": raw({}, b"\0" * 5),
    "a boolean of 2": raw({"a": entry([1], 0, 1, "BOOL")}, b"\2"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_refused_as_malformed(name):
    with pytest.raises(UpdateRefused) as caught:
        parse(MALFORMED[name])
    assert caught.value.reason is Reason.MALFORMED
    assert (
        isinstance(caught.value, MinervaError)
        and "\n" not in str(caught.value)
        and len(str(caught.value)) < 400
    )


def test_a_pickle_is_named_and_not_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").write_text, ("x",))

    with pytest.raises(UpdateRefused, match="a pickle is never loaded"):
        parse(pickle.dumps(Bomb()))
    with pytest.raises(UpdateRefused, match="as torch.save writes"):
        parse(torch_file())
    assert not list(tmp_path.iterdir())


def test_a_well_formed_update_passes(metadata):
    weights = check_update(serialize(TENSORS, metadata), SPEC, **expect(metadata))
    assert weights.specs == SPEC and int(weights["count"]) == 7


def test_the_limits_of_length_are_inclusive(metadata):
    data = serialize(TENSORS, metadata)
    check_update(data, SPEC, **{**expect(metadata), "max_bytes": len(data)})
    with pytest.raises(UpdateRefused) as caught:
        check_update(data, SPEC, **{**expect(metadata), "max_bytes": len(data) - 1})
    assert caught.value.reason is Reason.TOO_LARGE
    with pytest.raises(UpdateRefused):
        parse(data, max_header=64)


@pytest.mark.parametrize(
    "change",
    [
        {"weight": None},
        {"other": np.zeros(1, "f4")},
        {"weight": np.zeros((3, 2), "f4")},
        {"weight": np.zeros((2, 3), "f2")},
        {"weight": np.zeros((2, 3), "i4")},
        {"count": np.zeros(1, "i8")},
    ],
)
def test_refused_for_other_tensors(change, metadata):
    tensors = {name: array for name, array in {**TENSORS, **change}.items() if array is not None}
    data = serialize(tensors, metadata)
    with pytest.raises(UpdateRefused) as caught:
        check_update(data, SPEC, **expect(metadata))
    assert caught.value.reason is Reason.WRONG_TENSORS
    assert next(iter(change)) in str(caught.value)
    with pytest.raises(UpdateRefused):
        bytes_to_state(data, SPEC)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("position", [0, 40_000, 69_999])
def test_refused_when_not_finite(value, dtype, position, metadata):
    tensor = torch.ones(70_000, dtype=dtype)
    tensor[position] = value
    data = serialize({"w": tensor}, metadata)
    with pytest.raises(UpdateRefused) as caught:
        check_update(data, spec_of({"w": tensor}), **{**expect(metadata), "max_bytes": len(data)})
    assert caught.value.reason is Reason.NOT_FINITE


def test_the_largest_finite_numbers_pass(metadata):
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        tensor = torch.tensor(
            [torch.finfo(dtype).max, torch.finfo(dtype).min, torch.finfo(dtype).tiny], dtype=dtype
        )
        check_update(serialize({"w": tensor}, metadata), spec_of({"w": tensor}), **expect(metadata))


@pytest.mark.parametrize("key", ["federation", "round", "device"])
def test_refused_for_anothers_metadata(key, metadata):
    for other in (
        {**metadata, key: "4"},
        {k: v for k, v in metadata.items() if k != key},
        {**metadata, "more": "1"},
    ):
        with pytest.raises(UpdateRefused) as caught:
            check_update(serialize(TENSORS, other), SPEC, **expect(metadata))
        assert caught.value.reason is Reason.WRONG_METADATA


def test_a_global_model_names_no_device(metadata):
    names = {"federation": metadata["federation"], "round": 3, "max_bytes": 4096}
    device = metadata.pop("device")
    check_model(serialize(TENSORS, metadata), SPEC, **names)
    with pytest.raises(UpdateRefused):
        check_model(serialize(TENSORS, {**metadata, "device": device}), SPEC, **names)


def test_thousands_of_mutations_give_an_update_or_a_refusal(metadata):
    good, mutate = serialize(TENSORS, metadata), random.Random(0)
    names, refused = expect(metadata), dict.fromkeys(Reason, 0)
    for _ in range(5000):
        data = bytearray(good)
        for _ in range(mutate.choice((1, 1, 1, 3))):
            start = mutate.randrange(8 if mutate.random() < 0.1 else len(data) or 1)
            match mutate.randrange(4):
                case 0:
                    data[start : start + 1] = bytes([mutate.randrange(256)])
                case 1:
                    del data[start : start + mutate.randint(1, 20)]
                case 2:
                    data[start:start] = mutate.choice(
                        [b"{", b"]", b'"', b"9", b"-", b",", b"[[", b"\xff", bytes(30)]
                    )
                case 3:
                    data[start : start + 8] = data[mutate.randrange(len(data) or 1) :][:8]
        try:
            assert check_update(bytes(data), SPEC, **names).specs == SPEC
        except UpdateRefused as refusal:
            refused[refusal.reason] += 1
    assert all(refused[reason] for reason in (Reason.MALFORMED, Reason.WRONG_TENSORS, Reason.WRONG_METADATA))


def test_memory_is_bounded_by_the_header_not_by_its_claims():
    bombs = [raw({"w": entry([2**39], 0, 2**41)}), raw(0, text=b'{"a":[' + b"[]," * 100_000 + b"[]]}")]
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(UpdateRefused):
            parse(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20


def test_any_layout_of_the_format_is_read():
    body = np.array([1, 2, 3], "f4").tobytes()
    data = raw({"z": entry([1], 0, 4), "a": entry([2], 4, 12)}, body)
    assert parse(data).specs == (TensorSpec("a", (2,), "F32"), TensorSpec("z", (1,), "F32"))
    assert parse(data)["z"][0] == 1.0
