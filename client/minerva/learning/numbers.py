"""The protocol's dtypes as numpy sees them: exact widening to float64, and one rounding back."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from minerva.errors import UserError

Array: TypeAlias = npt.NDArray[Any]
Float64: TypeAlias = npt.NDArray[np.float64]

BLOCK = 32_768
"""Elements worked on at a time: 256 KiB of float64 stay in a core's second-level cache."""

NUMPY: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype("<u2"),  # numpy has no bfloat16: its bits
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in NUMPY.items() if name != "BF16"}
_EXPONENT = {"F16": 0x7C00, "BF16": 0x7F80}


def dtype_name(array: Array) -> str:
    """Safetensors dtype of a numpy array; raises `UserError` for one that the protocol does not know."""
    if array.dtype.name == "bfloat16":  # ml_dtypes
        return "BF16"
    name = _NAMES.get(array.dtype.newbyteorder("<"))
    if name is None:
        raise UserError(
            "a tensor's dtype is not of this protocol",
            value=array.dtype,
            remedy="Use float32, float16, bfloat16 or an integer; model.float() makes it float32.",
        )
    return name


def widen(values: Array, dtype: str, out: Array) -> None:
    """Write floating ``values`` of safetensors dtype ``dtype`` into ``out`` (float32 or float64, same shape). Exact."""
    if dtype == "BF16":
        values = (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    np.copyto(out, values)


def narrow(values: Float64, dtype: str, out: Array) -> None:
    """Round float64 ``values`` once, to nearest even, into ``out`` of ``dtype`` (BF16: its bits)."""
    with np.errstate(over="ignore", under="ignore"):
        np.copyto(out, _to_bfloat16(values) if dtype == "BF16" else values, casting="same_kind")


def all_finite(values: Array, dtype: str) -> bool:
    """Whether no element of a contiguous floating array is NaN or infinite; works block by block."""
    flat = values.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK]
        if dtype == "F32":
            finite = bool(np.isfinite(block).all())
        else:
            exponent = np.uint16(_EXPONENT[dtype])
            finite = not bool(((block.view(np.uint16) & exponent) == exponent).any())
        if not finite:
            return False
    return True


def _to_bfloat16(values: Float64) -> npt.NDArray[np.uint16]:
    """Round to bfloat16 without rounding twice.

    Going through float32 to nearest would round twice. Rounding to float32 *to odd* first keeps, in the last
    bit, that something was cut off, and float32 has 24 - 8 = 16 bits to spare, so that the second rounding is
    the right one (Boldo, Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using
    rounding to odd", 2008).
    """
    single = values.astype(np.float32)
    bits = single.view(np.uint32)
    back = single.astype(np.float64)
    even = (bits & np.uint32(1)) == 0
    magnitude, exact = np.abs(back), np.abs(values)
    bits += (even & (magnitude < exact)).astype(np.uint32)
    bits -= (even & (magnitude > exact)).astype(np.uint32)
    bits += np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (bits >> np.uint32(16)).astype(np.uint16)
