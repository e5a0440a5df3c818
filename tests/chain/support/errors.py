"""What a refused transaction says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import pytest
from brownie.exceptions import VirtualMachineError

NO_REASON = (None, "", "Cannot send ether to nonpayable function")
"""The last is brownie's own word, for code from the older generator (`make coverage`)."""


@contextmanager
def reverts(error: str, *values: Any) -> Iterator[None]:
    """Expect the typed ``error`` with exactly these values (enums, accounts and contracts as they are)."""
    with pytest.raises(VirtualMachineError) as caught:
        yield
    # Brownie writes "Name: a, b", and "Name: " for an error without values.
    assert caught.value.revert_msg == f"{error}: {', '.join(map(_text, values))}"


@contextmanager
def reverts_without_reason() -> Iterator[None]:
    """Expect a refusal by the compiler's own checks, e.g. of values too large for their type."""
    with pytest.raises(VirtualMachineError) as caught:
        yield
    assert caught.value.revert_msg in NO_REASON


def _text(value: Any) -> str:
    if isinstance(value, IntEnum):
        return str(int(value))
    text = str(getattr(value, "address", value))
    return text.lower() if text.startswith("0x") else text
