"""The canonical writer, and what the reader gives back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.errors import UserError
from minerva.learning.weights import bytes_to_state, parse, serialize, spec_of, state_to_bytes
from minerva.protocol.manifest import ITEM_BYTES, TensorSpec

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8]


def header_of(data: bytes) -> tuple[bytes, dict]:
    length = int.from_bytes(data[:8], "little")
    return data[8 : 8 + length], json.loads(data[8 : 8 + length])


def every_dtype() -> dict[str, torch.Tensor]:
    tensors = {f"t{i}": torch.arange(3).to(dtype) for i, dtype in enumerate(DTYPES)}
    return {**tensors, "u": torch.tensor([1, 255], dtype=torch.uint8), "bool": torch.tensor([True, False])}


def test_equal_tensors_give_equal_bytes_whatever_the_order_of_insertion():
    first = serialize({"b": np.ones(3, "f4"), "a": np.zeros((2, 2), "f4")}, {"y": "2", "x": "1"})
    second = serialize({"a": np.zeros((2, 2), "f4"), "b": np.ones(3, "f4")}, {"x": "1", "y": "2"})
    assert first == second


def test_the_header_is_sorted_padded_and_lays_the_data_out_by_name():
    data = serialize({"b": np.ones(3, "f4"), "A": np.zeros(5, "f2")}, {"round": "1"})
    raw, header = header_of(data)
    assert list(header) == ["A", "__metadata__", "b"]
    assert header["A"] == {"data_offsets": [0, 10], "dtype": "F16", "shape": [5]}
    assert header["b"]["data_offsets"] == [10, 22]
    assert len(raw) % 8 == 0 and raw.rstrip(b" ").endswith(b"}")
    assert len(data) == 8 + len(raw) + 22


def test_the_bytes_never_change():
    header = b'{"__metadata__":{"round":"1"},"w":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}}'.ljust(88)
    expected = len(header).to_bytes(8, "little") + header + b"\0\0\x80?\0\0\0\xc0"
    assert serialize({"w": np.array([1, -2], "f4")}, {"round": "1"}) == expected


def test_the_safetensors_library_reads_what_we_write(tmp_path):
    state = every_dtype()
    data = state_to_bytes(state, {"federation": "0x1", "round": "1"})
    (tmp_path / "m.safetensors").write_bytes(data)
    with safetensors.safe_open(tmp_path / "m.safetensors", "pt") as file:
        assert file.metadata() == {"federation": "0x1", "round": "1"}
    for read in (safetensors.torch.load(data), safetensors.torch.load_file(tmp_path / "m.safetensors")):
        assert set(read) == set(state)
        assert all(
            torch.equal(read[name], state[name]) and read[name].dtype == state[name].dtype for name in state
        )


def test_we_read_what_the_safetensors_library_writes():
    state = every_dtype()
    weights = parse(safetensors.torch.save(state, {"a": "1", "b": "2"}))
    assert weights.metadata == {"a": "1", "b": "2"}
    back = weights.to_torch()
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_a_state_survives_the_trip_into_a_model():
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).half()
    state = bytes_to_state(state_to_bytes(model.state_dict(), {}), spec_of(model.state_dict()))
    other = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).half()
    other.load_state_dict(state)
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_reading_copies_nothing_and_gives_read_only_views():
    data = bytearray(serialize({"w": np.arange(4, dtype="f4")}, {}))
    weights = parse(data)
    data[-4:] = np.float32(9).tobytes()
    assert weights["w"][3] == 9.0
    with pytest.raises(ValueError):
        weights["w"][0] = 1.0
    with pytest.raises(KeyError):
        weights["other"]


def test_non_contiguous_and_big_endian_arrays_are_written_by_value():
    matrix = np.arange(6, dtype=">f4").reshape(2, 3).T
    np.testing.assert_array_equal(parse(serialize({"w": matrix}, {}))["w"], matrix)
    np.testing.assert_array_equal(parse(serialize({"w": torch.arange(6.0).reshape(2, 3).T}, {}))["w"], matrix)


def test_scalars_and_empty_tensors_keep_their_shapes():
    data = serialize(
        {"a": np.zeros((0, 3), "f4"), "b": np.float32(2).reshape(()), "c": np.zeros(0, "i8")}, {}
    )
    assert parse(data).specs == (
        TensorSpec("a", (0, 3), "F32"), TensorSpec("b", (), "F32"), TensorSpec("c", (0,), "I64")
    )  # fmt: skip
    assert set(safetensors.numpy.load(data)) == {"a", "b", "c"}


@pytest.mark.parametrize("tensor", [np.zeros(2), torch.zeros(2, dtype=torch.float64), np.zeros(2, "c8")])
def test_reverts_when_a_dtype_is_not_of_the_protocol(tensor):
    with pytest.raises(UserError, match="dtype is not of this protocol"):
        serialize({"w": tensor}, {})


def test_reverts_when_a_name_is_reserved():
    with pytest.raises(UserError, match="__metadata__"):
        serialize({"__metadata__": np.zeros(1, "f4")}, {})


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=8).filter(
            lambda name: name != "__metadata__"
        ),
        st.tuples(st.sampled_from(sorted(ITEM_BYTES)), st.lists(st.integers(0, 3), max_size=3)),
        max_size=5,
    ),
    st.dictionaries(
        st.text(st.characters(blacklist_categories=["Cs"]), max_size=5), st.text('aé"\\\n', max_size=5)
    ),
)
def test_any_file_of_ours_reads_back_and_is_stable(tensors, metadata):
    from minerva.learning.numbers import NUMPY
    from minerva.learning.weights import pack

    items = [(TensorSpec(n, tuple(s), d), np.ones(s, NUMPY[d])) for n, (d, s) in tensors.items()]
    data = pack(items, metadata)
    weights = parse(data)
    assert dict(weights.metadata) == metadata
    assert pack(zip(weights.specs, weights.arrays, strict=True), weights.metadata) == data
