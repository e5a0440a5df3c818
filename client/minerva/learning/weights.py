"""Weights as safetensors: a canonical writer, and rule 2 for what strangers send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from minerva.errors import UserError
from minerva.learning.numbers import NUMPY, Array, all_finite, dtype_name
from minerva.learning.parsing import MAX_HEADER, Buffer, UpdateRefused, Weights, parse
from minerva.protocol.canary import Commitment
from minerva.protocol.manifest import RESERVED, TensorSpec
from minerva.protocol.reasons import Reason

if TYPE_CHECKING:
    import torch

__all__ = [
    "MAX_HEADER", "Buffer", "UpdateRefused", "Weights", "bytes_to_state", "check_model", "check_update",
    "pack", "parse", "serialize", "spec_of", "state_to_bytes",
]  # fmt: skip

_ALIGNMENT = 8
_OPTIONAL: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {"epsilon": re.compile(r"(0|[1-9][0-9]{0,6})\.[0-9]{4}", re.ASCII).fullmatch, "steps": Commitment.parse}
)
"""Of an update's metadata, and what tells a text that fits."""


# -- writing


def serialize(tensors: Mapping[str, Array | torch.Tensor], metadata: Mapping[str, str]) -> bytes:
    """Write tensors as canonical safetensors: equal tensors and metadata give equal bytes on any machine.

    Header keys are sorted, the data lies in the order of the names without gaps, and the header is padded
    with spaces to a multiple of 8 bytes.

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
            raise UserError(
                "a tensor has the name that the format keeps for itself", value=RESERVED, remedy="Rename it."
            )
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


def _as_numpy(tensor: Any) -> tuple[str, Array]:
    if isinstance(tensor, np.generic):  # what numpy makes of an array without dimensions
        tensor = np.asarray(tensor)
    if not isinstance(tensor, np.ndarray):
        import torch

        tensor = tensor.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            return "BF16", tensor.view(torch.uint16).numpy()
        tensor = tensor.numpy()
    dtype = dtype_name(tensor)
    return dtype, tensor.view(np.uint16) if dtype == "BF16" else tensor.astype(NUMPY[dtype], copy=False)


# -- rule 2


def check_update(
    data: Buffer, spec: Sequence[TensorSpec], *, federation: str, round: int, device: str, max_bytes: int
) -> Weights:
    """Apply rule 2 to a local update: the first of these that fails is the reason.

    Length (TOO_LARGE), format (MALFORMED), names, shapes and dtypes equal to ``spec`` (WRONG_TENSORS), all
    numbers finite (NOT_FINITE), metadata federation, round and device, at most with the device's word on its privacy,
    ``epsilon``, and what it commits to for canaries, ``steps``, beside them (WRONG_METADATA).

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
    return _check(data, spec, metadata, max_bytes, optional=_OPTIONAL)


def check_model(
    data: Buffer,
    spec: Sequence[TensorSpec],
    *,
    federation: str,
    round: int,
    max_bytes: int,
    state: str | None = None,
) -> Weights:
    """Like `check_update` for a global model, whose metadata is federation and round only.

    After a rule with memory it is the CID of that ``state`` too (docs/SPECIFICATION.md, G8).
    """
    metadata = {"federation": federation, "round": str(round)} | ({"state": state} if state else {})
    return _check(data, spec, metadata, max_bytes)


def bytes_to_state(data: Buffer, spec: Sequence[TensorSpec] | None = None) -> dict[str, torch.Tensor]:
    """Read weights for ``load_state_dict``; raises `UpdateRefused` if malformed or not of ``spec``."""
    weights = parse(data)
    if spec is not None:
        _check_tensors(weights, spec)
    return weights.to_torch()


def _check(
    data: Buffer,
    spec: Sequence[TensorSpec],
    metadata: dict[str, str],
    max_bytes: int,
    *,
    optional: Mapping[str, Callable[[str], object]] = MappingProxyType({}),
) -> Weights:
    if len(data) > max_bytes:
        raise UpdateRefused(
            Reason.TOO_LARGE, "the file is too large", value=f"{len(data)} > {max_bytes} bytes"
        )
    weights = parse(data)
    _check_tensors(weights, spec)
    for tensor, array in zip(weights.specs, weights.arrays, strict=True):
        if tensor.floating and not all_finite(array, tensor.dtype):
            raise UpdateRefused(Reason.NOT_FINITE, "a tensor holds NaN or infinity", value=tensor.name)
    stated = dict(weights.metadata)
    for name, fits in optional.items():
        if fits(stated.get(name, "")):
            del stated[name]
    if stated != metadata:
        shown = ascii(dict(weights.metadata))[:200]
        raise UpdateRefused(
            Reason.WRONG_METADATA, "the metadata is another's", value=f"{shown}, not {metadata}"
        )
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
