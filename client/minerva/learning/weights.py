"""Weights as safetensors: a canonical writer, and a strict, bounded reader for strangers' bytes.

The format is https://github.com/huggingface/safetensors: eight bytes of header length, a JSON header, the data. Nothing
here unpickles, and nothing of a tensor is looked at before the header holds together. Reading copies nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np

from minerva.errors import MinervaError, UserError
from minerva.learning.numbers import NUMPY, Array, all_finite, dtype_name
from minerva.protocol.manifest import ITEM_BYTES, MAX_LENGTH, MAX_RANK, RESERVED, TensorSpec
from minerva.protocol.reasons import Reason

if TYPE_CHECKING:
    import torch

Buffer: TypeAlias = bytes | bytearray | memoryview
MAX_HEADER = 2**20
"""Longest header read, in bytes: some ten thousand tensors."""
_ALIGNMENT = 8
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

    ``specs`` are in the order of their names and ``arrays`` in the same order: read-only views of the file's bytes, of the
    spec's shape and dtype (BF16 as its bits in uint16). They hold the file's buffer alive.
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


# -- writing -----------------------------------------------------------------------------------------------------------


def serialize(tensors: Mapping[str, Array | torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """Write tensors as canonical safetensors: equal tensors and metadata give equal bytes on any machine.

    Header keys are sorted, the data lies in the order of the names without gaps, and the header is padded with spaces to a
    multiple of 8 bytes.

    Parameters
    ----------
    tensors
        numpy or torch tensors of any shape; F32, F16, BF16 or integers.
    metadata
        Free texts for the header's ``__metadata__``.

    Raises
    ------
    UserError
        A dtype or a name that the format or the protocol does not know.
    """
    items = []
    for name, tensor in tensors.items():
        dtype, array = _as_numpy(tensor)
        items.append((TensorSpec(name, tuple(array.shape), dtype), np.ascontiguousarray(array)))
    return pack(items, metadata)


def pack(items: Iterable[tuple[TensorSpec, Array]], metadata: Mapping[str, str]) -> bytes:
    """Write arrays that are in their final dtype (BF16 as uint16), as `serialize` does."""
    header: dict[str, Any] = {RESERVED: dict(metadata)} if metadata else {}
    offset, parts = 0, [b"", b""]
    for spec, array in sorted(items, key=lambda item: item[0].name):
        if spec.name == RESERVED:
            raise UserError("a tensor has the name that the format keeps for itself", value=RESERVED, remedy="Rename it.")
        end = offset + spec.nbytes
        header[spec.name] = {"dtype": spec.dtype, "shape": list(spec.shape), "data_offsets": [offset, end]}
        parts.append(array.reshape(-1).view(np.uint8).data)  # type: ignore[arg-type]
        offset = end
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    parts[:2] = [len(text).to_bytes(8, "little"), text]
    return b"".join(parts)


def state_to_bytes(state: Mapping[str, torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """Write a module's ``state_dict()``; see `serialize`."""
    return serialize(state, metadata)


def spec_of(state: Mapping[str, Array | torch.Tensor]) -> tuple[TensorSpec, ...]:
    """Names, shapes and dtypes in the order of the names; raises as `serialize`."""
    converted = {name: _as_numpy(tensor) for name, tensor in state.items()}
    return tuple(TensorSpec(n, tuple(array.shape), dtype) for n, (dtype, array) in sorted(converted.items()))


def _as_numpy(tensor: Array | torch.Tensor) -> tuple[str, Array]:
    if not isinstance(tensor, np.ndarray):
        import torch

        tensor = tensor.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            return "BF16", tensor.view(torch.uint16).numpy()
        tensor = tensor.numpy()
    dtype = dtype_name(tensor)
    return dtype, tensor.view(np.uint16) if dtype == "BF16" else tensor.astype(NUMPY[dtype], copy=False)


# -- reading -----------------------------------------------------------------------------------------------------------


def parse(data: Buffer, *, max_header: int = MAX_HEADER) -> Weights:
    """Read safetensors bytes of a stranger without copying them.

    Any layout that the format allows is read, canonical or not: tensors in any order, but each byte of the data belongs to
    exactly one of them. Memory is bounded by a multiple of ``max_header``, never by what the header claims.

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
        _malformed("not safetensors", _looks_like(view) or f"a header of {length} bytes in a file of {len(view)}")
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
    return next((words for magic, words in _MAGIC.items() if start.startswith(magic) and any(start[4:])), None)


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


# -- rule 2 ------------------------------------------------------------------------------------------------------------


def check_update(
    data: Buffer, spec: Sequence[TensorSpec], *, federation: str, round: int, device: str, max_bytes: int
) -> Weights:
    """Apply rule 2 to a local update: the first of these that fails is the reason.

    Length (TOO_LARGE), format (MALFORMED), names, shapes and dtypes equal to ``spec`` (WRONG_TENSORS), all numbers finite
    (NOT_FINITE), metadata exactly federation, round and device (WRONG_METADATA).

    Parameters
    ----------
    data
        The update's bytes.
    spec
        The genesis model's tensors, in the order of their names.
    federation, device
        Checksummed addresses.
    round
        The round that the update's record names.
    max_bytes
        Longest file taken.

    Raises
    ------
    UpdateRefused
        With the reason; nothing else, whatever the bytes are.
    """
    metadata = {"federation": federation, "round": str(round), "device": device}
    return _check(data, spec, metadata, max_bytes)


def check_model(
    data: Buffer, spec: Sequence[TensorSpec], *, federation: str, round: int, max_bytes: int
) -> Weights:
    """Like `check_update` for a global model, whose metadata is federation and round only."""
    return _check(data, spec, {"federation": federation, "round": str(round)}, max_bytes)


def bytes_to_state(data: Buffer, spec: Sequence[TensorSpec] | None = None) -> dict[str, torch.Tensor]:
    """Read weights for ``load_state_dict``; raises `UpdateRefused` when they are malformed or not of ``spec``."""
    weights = parse(data)
    if spec is not None:
        _check_tensors(weights, spec)
    return weights.to_torch()


def _check(data: Buffer, spec: Sequence[TensorSpec], metadata: dict[str, str], max_bytes: int) -> Weights:
    if len(data) > max_bytes:
        raise UpdateRefused(Reason.TOO_LARGE, "the file is too large", value=f"{len(data)} > {max_bytes} bytes")
    weights = parse(data)
    _check_tensors(weights, spec)
    for tensor, array in zip(weights.specs, weights.arrays, strict=True):
        if tensor.floating and not all_finite(array, tensor.dtype):
            raise UpdateRefused(Reason.NOT_FINITE, "a tensor holds NaN or infinity", value=tensor.name)
    if weights.metadata != metadata:
        shown = ascii(dict(weights.metadata))[:200]
        raise UpdateRefused(Reason.WRONG_METADATA, "the metadata is another's", value=f"{shown}, not {metadata}")
    return weights


def _check_tensors(weights: Weights, spec: Sequence[TensorSpec]) -> None:
    differing = set(weights.specs) ^ set(spec)
    if not differing:
        return
    odd = min(differing, key=lambda tensor: tensor.name)
    side = "the update has" if odd in weights.specs else "the model has"
    raise UpdateRefused(
        Reason.WRONG_TENSORS,
        "the tensors are not the model's",
        value=f"only {side} {ascii(odd.name)[:80]} {odd.dtype} {list(odd.shape)}",
    )
