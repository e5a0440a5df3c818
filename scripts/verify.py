"""Asking the chain whether what was deployed is what was built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minerva.chain.abi import AbiMismatch, Function
from minerva.chain.deployment import PROTOCOL_VERSION
from minerva.chain.rpc import Rpc, RpcError
from minerva.errors import ChainError
from scripts.contracts import TABLE, Artefact, Part, Role
from scripts.progress import Deployed

_TEXT = {"inputs": [], "outputs": [{"name": "", "type": "string"}], "type": "function"}
_REMEDY = "Run scripts/deploy.py again; if that does not help, ask another node."


def verify(
    rpc: Rpc,
    deployed: Mapping[str, Deployed],
    artefacts: Mapping[str, Artefact],
    table: Iterable[Part] = TABLE,
) -> None:
    """Call back everything that was deployed.

    The code is the build's apart from immutables, what a constructor was given is answered by the getters, the factory speaks
    this version of the protocol, and each module answers its name.

    Raises
    ------
    ChainError
        Something is otherwise.
    """
    for part in table:
        verify_part(rpc, part, deployed[part.name], artefacts[part.contract])


def verify_part(rpc: Rpc, part: Part, made: Deployed, artefact: Artefact) -> None:
    """Call back one contract; raises as `verify`."""
    if not artefact.matches(code_at(rpc, made.address)):
        raise _otherwise(f"the code of {part.contract} is not the build's", made.address)
    for position, getter in artefact.getters():
        answer = read(rpc, made.address, getter)
        if answer != made.arguments[position]:
            what = f"{part.contract}.{getter.name}() is not what the constructor was given"
            raise _otherwise(what, f"{answer}, not {made.arguments[position]}")
    if part.role is Role.FACTORY:
        expect_text(rpc, part, made.address, "version", PROTOCOL_VERSION)
    elif part.role in (Role.CONSENSUS, Role.POLICY):
        expect_text(rpc, part, made.address, "name", part.name)


def expect_text(rpc: Rpc, part: Part, address: str, getter: str, expected: str) -> None:
    """Raise `ChainError` unless a contract answers ``expected``."""
    answer = read(rpc, address, Function({**_TEXT, "name": getter}))
    if answer != expected:
        raise _otherwise(f"{part.contract}.{getter}() is not {expected!r}", f"{answer!r} at {address}")


def read(rpc: Rpc, address: str, getter: Function) -> Any:
    """Return what a view without parameters answers; None when it does not answer as declared."""
    answer = rpc.batch([("eth_call", ({"to": address, "data": "0x" + getter.encode().hex()}, "latest"))])[0]
    if isinstance(answer, RpcError):
        return None
    try:
        return getter.decode(bytes.fromhex(answer[2:]))[0]
    except AbiMismatch:
        return None


def code_at(rpc: Rpc, address: str) -> bytes:
    """Return the code at an address."""
    return bytes.fromhex(str(rpc.call("eth_getCode", address, "latest"))[2:])


def _otherwise(what: str, value: object) -> ChainError:
    return ChainError(what, value=value, remedy=_REMEDY)
