"""Reading safetensors bytes of strangers: strict, bounded, without copying and without ever unpickling.

The format (https://github.com/huggingface/safetensors): eight bytes of header length, a JSON header, the
data. Nothing of a tensor is looked at before the header holds together.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from minerva.errors import MinervaError
from minerva.learning.numbers import NUMPY, Array
from minerva.protocol.manifest import ITEM_BYTES, MAX_LENGTH, MAX_RANK, RESERVED, TensorSpec
from minerva.protocol.reasons import Reason

if TYPE_CHECKING:
    import torch

Buffer: TypeAlias = bytes | bytearray | memoryview
MAX_HEADER = 2**20
"""Longest header read, in bytes: some ten thousand tensors."""
_MAX_ELEMENTS = 2**59
_MAGIC = {b"PK\x03\x04": "a zip file, as torch.save writes", b"\x80": "a pickle"}
_INTACT = "It is safetensors only; a pickle is never loaded."


class UpdateRefused(MinervaError):
    """Some bytes are not the weights they should be; ``reason`` is the code that a ballot carries."""

    def __init__(self, reason: Reason, what: str, *, value: object | None = None, remedy: str = "") -> None:
        self.reason = reason
        super().__init__(what, value=value, remedy=remedy)


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Named tensors of one file.

    ``specs`` are in the order of their names and ``arrays`` in the same order: read-only views of the file's
    bytes, of the spec's shape and dtype (BF16 as its bits in uint16). They hold the file's buffer alive.
    """

    metadata: Mapping[str, str]
    specs: tuple[TensorSpec, ...]
    arrays: tuple[Array, ...]

    def __getitem__(self, name: str) -> Array:
        """Return the tensor called ``name``; raises `KeyError`."""
        for spec, array in zip(self.specs, self.arrays, strict=True):
            if spec.name == name:
                return array
        raise KeyError(name)

    def to_torch(self) -> dict[str, torch.Tensor]:
        """Copy into tensors of torch, for ``load_state_dict``."""
        import torch

        state = {}
        for spec, array in zip(self.specs, self.arrays, strict=True):
            tensor = torch.from_numpy(array.copy())
            state[spec.name] = tensor.view(torch.bfloat16) if spec.dtype == "BF16" else tensor
        return state


def parse(data: Buffer, *, max_header: int = MAX_HEADER) -> Weights:
    """Read safetensors bytes of a stranger without copying them.

    Any layout that the format allows is read, canonical or not: tensors in any order, but each byte of the
    data belongs to exactly one of them. Memory is bounded by a multiple of ``max_header``, never by what the
    header claims.

    Raises
    ------
    UpdateRefused
        With `Reason.MALFORMED`. Nothing else is raised, whatever the bytes are.
    """
    view = memoryview(data).cast("B")
    if len(view) < 8:
        _malformed("too short for safetensors", f"{len(view)} bytes")
    length = int.from_bytes(view[:8], "little")
    if length > min(max_header, len(view) - 8):
        _malformed(
            "not safetensors", _looks_like(view) or f"a header of {length} bytes in a file of {len(view)}"
        )
    header = _read_header(bytes(view[8 : 8 + length]))
    metadata = header.pop(RESERVED, {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        _malformed("the metadata is not an object of texts")
    places = sorted(_place(name, fields) for name, fields in header.items())
    body, offset = view[8 + length :], 0
    found: dict[str, tuple[TensorSpec, Array]] = {}
    for begin, end, name, shape, dtype in places:
        if begin != offset or end > len(body):
            _malformed("tensors overlap, leave a gap or end past the file", f"{ascii(name)[:80]} at {begin}")
        array: Array = np.ndarray(shape, NUMPY[dtype], body[begin:end] if end > begin else b"")
        if dtype == "BOOL" and (array.view(np.uint8) > 1).any():
            _malformed("a boolean is neither 0 nor 1", ascii(name)[:80])
        array.flags.writeable = False
        found[name] = (TensorSpec(name, shape, dtype), array)
        offset = end
    if offset != len(body):
        _malformed("bytes that belong to no tensor", f"{len(body) - offset} at the end")
    names = sorted(found)
    return Weights(metadata, tuple(found[name][0] for name in names), tuple(found[name][1] for name in names))


def _looks_like(view: memoryview) -> str | None:
    start = bytes(view[:8])
    return next(
        (words for magic, words in _MAGIC.items() if start.startswith(magic) and any(start[4:])), None
    )


def _read_header(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        header = json.loads(
            text, object_pairs_hook=_unique, parse_float=_refuse_number, parse_constant=_refuse_number
        )
        json.dumps(header, ensure_ascii=False).encode()  # a lone surrogate is no text
    except (ValueError, RecursionError) as error:
        _malformed("the header is not JSON of this format", ascii(str(error))[:80])
    if not text.startswith("{") or not isinstance(header, dict):
        _malformed("the header is not a JSON object")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key appears twice")
    return fields


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(f"not an integer: {text[:40]}")


def _place(name: str, fields: Any) -> tuple[int, int, str, tuple[int, ...], str]:
    shown = ascii(name)[:80]
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        _malformed("a tensor is not described by dtype, shape and data_offsets", shown)
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        _malformed("an unknown dtype", f"{ascii(dtype)[:40]} of {shown}")
    if not _lengths(shape) or len(shape) > MAX_RANK or math.prod(n for n in shape if n) > _MAX_ELEMENTS:
        _malformed("an impossible shape", f"{ascii(shape)[:80]} of {shown}")
    if not _lengths(offsets) or len(offsets) != 2:
        _malformed("impossible offsets", f"{ascii(offsets)[:80]} of {shown}")
    begin, end = offsets
    if end - begin != math.prod(shape) * ITEM_BYTES[dtype]:
        _malformed("a tensor's shape and its length in bytes differ", shown)
    return begin, end, name, tuple(shape), dtype


def _lengths(value: Any) -> bool:
    return isinstance(value, list) and all(type(n) is int and 0 <= n < MAX_LENGTH for n in value)


def _malformed(what: str, value: object | None = None) -> NoReturn:
    raise UpdateRefused(Reason.MALFORMED, what, value=value, remedy=_INTACT)
