"""How a machine refuses: the contracts' typed errors, by name."""

from __future__ import annotations

from collections.abc import Callable

from minerva.errors import ContractReverted
from minerva.protocol.cid import DAG_PB, RAW
from minerva.protocol.events import Event

Emit = Callable[[Event], None]
"""Appends an event of one contract to the transaction's events."""

MAX_ENDPOINT_BYTES = 256


def require(condition: bool, error: str, *arguments: object) -> None:
    """Refuse with the contracts' ``error`` unless ``condition`` holds."""
    if not condition:
        raise ContractReverted(error, arguments)


def is_codec(codec: int) -> bool:
    """Whether a CID of this protocol may carry ``codec``."""
    return codec in (RAW, DAG_PB)


def require_endpoint(endpoint: str) -> None:
    """Refuse an endpoint of more than 256 bytes of UTF-8."""
    length = len(endpoint.encode())
    require(length <= MAX_ENDPOINT_BYTES, "MinerEndpointTooLong", length)
