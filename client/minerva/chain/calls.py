"""Calls of contract functions: what is read at the pending block, and what a transaction carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from minerva.chain.abi import AbiMismatch, Function
from minerva.chain.codec import Codec
from minerva.chain.rpc import Request, Rpc, RpcError
from minerva.errors import WrongChain
from minerva.protocol.records import Address

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does: its target, its data, and the wei that go along."""

    to: Address
    data: bytes
    value: int = 0


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A view of a contract with its arguments, and what to make of the values that it returns."""

    to: Address
    function: Function
    arguments: tuple[Any, ...]
    make: Callable[[tuple[Any, ...]], T]

    def request(self, block: str) -> Request:
        """Return the JSON-RPC request that asks for it."""
        data = "0x" + self.function.encode(*self.arguments).hex()
        return "eth_call", ({"to": self.to, "data": data}, block)


class Reader:
    """Asks for views at the pending block, or at the latest from a node that has no pending one."""

    def __init__(self, rpc: Rpc, codec: Codec) -> None:
        self.rpc, self.codec = rpc, codec
        self.block = "pending"

    def read(self, query: Query[T]) -> T:
        """Return what one view says; raises `ContractReverted`, or `WrongChain` for an empty answer."""
        return self.read_all([query])[0]

    def read_all(self, queries: Sequence[Query[T]]) -> list[T]:
        """Return what several views say, asked at once."""
        answers = self.batch([query.request(self.block) for query in queries])
        return [self._make(query, answer) for query, answer in zip(queries, answers, strict=True)]

    def batch(self, requests: Sequence[Request]) -> list[Any]:
        """Send requests whose last parameter may be the pending block.

        Where the node has none the latest takes its place, now and from then on.
        """
        answers = self.rpc.batch(requests)
        if self.block == "pending" and any(_lacks_pending(answer) for answer in answers):
            self.block = "latest"
            answers = self.rpc.batch(
                [(m, ["latest" if p == "pending" else p for p in params]) for m, params in requests]
            )
        return answers

    def _make(self, query: Query[T], answer: Any) -> T:
        if isinstance(answer, RpcError):
            raise self.codec.refusal(answer) or answer
        try:
            return query.make(query.function.decode(bytes.fromhex(answer[2:])))
        except AbiMismatch as error:
            what = f"no contract of this protocol answers {query.function.name}()"
            remedy = "Was the chain started afresh? Deploy again, or name the right deployment."
            raise WrongChain(what, value=f"{query.to}: {error}", remedy=remedy) from None


def _lacks_pending(answer: Any) -> bool:
    return isinstance(answer, RpcError) and answer.code != 3 and "pending" in answer.message.lower()
