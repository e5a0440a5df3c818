"""What the gateways of all contracts share: views as queries, functions as calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minerva.chain.abi import Function
from minerva.chain.calls import Call, Query
from minerva.protocol.records import Address

Functions = dict[str, Function]


def first(values: tuple[Any, ...]) -> Any:
    """Return the only value of a view that has one."""
    return values[0]


class Gateway:
    """A contract at an address."""

    NAMES = ""

    def __init__(self, address: Address, functions: Functions) -> None:
        self.address, self._functions = address, functions

    def _query(
        self, name: str, *arguments: Any, make: Callable[[tuple[Any, ...]], Any] = first
    ) -> Query[Any]:
        return Query(self.address, self._functions[name], arguments, make)

    def _call(self, name: str, *arguments: Any, value: int = 0) -> Call:
        return Call(self.address, self._functions[name].encode(*arguments), value)
