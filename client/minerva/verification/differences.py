"""Where two byte strings, or two bodies, first differ, in words."""

from __future__ import annotations

from typing import Any

from minerva.errors import VerificationFailed
from minerva.protocol import canonical

_STEP = 1 << 20


def differing_byte(stated: bytes, derived: bytes) -> str | None:
    """Say the first byte in which two byte strings differ; None when they are equal."""
    for start in range(0, max(len(stated), len(derived)), _STEP):
        one, other = stated[start : start + _STEP], derived[start : start + _STEP]
        if one != other:
            at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
            if at is None:
                return f"it is {len(stated)} bytes long, derives {len(derived)} bytes"
            return f"byte {start + at} is {one[at]:#04x}, derives {other[at]:#04x}"
    return None


def differing_field(stated: Any, derived: Any, path: str) -> str | None:
    """Say the first field, in the order of canonical JSON, in which two values differ; None when equal."""
    if isinstance(stated, dict) and isinstance(derived, dict):
        for key in sorted(stated.keys() | derived.keys()):
            if key not in stated or key not in derived:
                return f"{path}.{key}: {'is missing' if key not in stated else 'is not derived'}"
            found = differing_field(stated[key], derived[key], f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(stated, list) and isinstance(derived, list):
        for position, pair in enumerate(zip(stated, derived, strict=False)):
            found = differing_field(*pair, f"{path}[{position}]")
            if found:
                return found
        same = len(stated) == len(derived)
        return None if same else f"{path}: has {len(stated)} entries, derives {len(derived)}"
    same = type(stated) is type(derived) and stated == derived
    return None if same else f"{path}: says {_show(stated)}, derives {_show(derived)}"


def differing_body(stated: bytes, derived: bytes) -> str:
    """Say the first field in which a body differs from the derived one, which is canonical."""
    try:
        document = canonical.loads(stated)
    except VerificationFailed as error:
        return f"body: {error}"
    return differing_field(document, canonical.loads(derived), "body") or "body: equal"


def _show(value: object) -> str:
    return ascii(value)[:80]
