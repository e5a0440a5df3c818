"""Canonical JSON: one byte string for one value, so that its CID is a function of what it says."""

from __future__ import annotations

import json
from typing import Any

from minerva.errors import VerificationFailed


def dumps(value: Any) -> bytes:
    """Encode as UTF-8 JSON with sorted keys and no white space.

    Floats are refused (RFC 8785 without numbers' tail).
    """
    _refuse_floats(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def loads(data: bytes) -> Any:
    """Decode and insist on the canonical form; raises `VerificationFailed` for anything else."""
    try:
        value = json.loads(data)
        again = dumps(value)
    except (ValueError, RecursionError, TypeError) as error:
        raise VerificationFailed("not canonical JSON", value=str(error)[:120]) from None
    if again != data:
        raise VerificationFailed("not canonical JSON", value="the bytes differ from their canonical form")
    return value


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"a float has no canonical form here: {value!r}; carry an integer or a string")
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"keys are strings, not {key!r}")
            _refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _refuse_floats(item)
