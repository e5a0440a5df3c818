"""Finding a deployment that exists: where its contracts are, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from eth_utils.address import is_address, to_checksum_address

from minerva.chain.rpc import Rpc
from minerva.errors import ChainError, ConfigError
from scripts.config import DEPLOYMENT
from scripts.contracts import TABLE, Artefact, Part, Role, code_hash
from scripts.export import former_contracts
from scripts.progress import Deployed
from scripts.verify import code_at, expect_text, read

UNKNOWN = -1
"""In place of a block."""
_BY_PART = {part.name: part for part in TABLE}


def locate(path: Path, environment: Mapping[str, str], chain_id: int) -> dict[str, Deployed]:
    """Say where the contracts are: as the file does, or the environment where there is no file.

    Raises
    ------
    ConfigError
        Neither does, they contradict one another, or the file cannot be used.
    """
    given = {
        part: _address(environment[part.variable], part.variable)
        for part in TABLE
        if part.role is not Role.IMPLEMENTATION and environment.get(part.variable)
    }
    if path.exists():
        known = {n: _checked(made, path) for n, made in former_contracts(path, chain_id).items()}
        for part, address in given.items():
            if part.name in known and known[part.name].address != address:
                raise ConfigError(
                    f"{part.variable} is another contract than the deployment file's",
                    value=f"{address}, {known[part.name].address} in {path}",
                    remedy=f"Unset it, or name another file with {DEPLOYMENT}.",
                )
    else:
        known = {}
    for part, address in given.items():
        known.setdefault(part.name, Deployed(part.contract, address, (), "", UNKNOWN, "", ""))
    needed = [_BY_PART["factory"], _BY_PART["pow"]]
    if lacking := [part for part in needed if part.name not in known]:
        raise ConfigError(
            "there is no deployment file" if not path.exists() else "the deployment file lacks contracts",
            value=path,
            remedy=f"Name it with {DEPLOYMENT}, or the addresses with "
            f"{' and '.join(part.variable for part in lacking)}.",
        )
    return known


def find(rpc: Rpc, known: Mapping[str, Deployed], artefacts: Mapping[str, Artefact]) -> dict[str, Deployed]:
    """Return the contracts that lie there on this chain, with all that the chain says of them.

    Raises
    ------
    ConfigError
        No code lies at one of the addresses, or it is not these contracts' of this version.
    """
    found = dict(known)
    for part in reversed(TABLE):  # what a constructor was given is found from what it constructed
        if part.name not in found:
            continue
        made = found[part.name]
        if not code_at(rpc, made.address):
            raise ConfigError(
                f"no contract lies at {part.contract}'s address on this chain",
                value=made.address,
                remedy=f"Choose its chain with --network, or name another file with {DEPLOYMENT}.",
            )
        _expect(rpc, part, made)
        arguments = _arguments(rpc, part, made, artefacts[part.contract])
        found[part.name] = made = replace(made, arguments=arguments)
        for name, address in zip(part.arguments, arguments, strict=True):
            contract = _BY_PART[name].contract
            if name not in found or found[name].address != address:
                found[name] = Deployed(contract, address, (), "", UNKNOWN, "", "")
    return {
        part.name: _dated(rpc, _bound(rpc, found[part.name], artefacts[part.contract]))
        for part in TABLE
        if part.name in found
    }


def trace(rpc: Rpc, address: str) -> tuple[int, str, str]:
    """Find out from the chain in which block a contract was deployed, by whom and by which transaction.

    Raises
    ------
    ConfigError
        The node does not keep the state of old blocks, or another contract deployed it.
    """
    try:
        block = _born(rpc, address)
    except ChainError as error:
        raise ConfigError(
            "the node does not say when the contracts were deployed",
            value=str(error)[:200],
            remedy="Ask one that keeps old states (an archive node), or find the former deployment file.",
        ) from None
    for sent in rpc.call("eth_getBlockByNumber", hex(block), True)["transactions"]:
        if sent.get("to") is None:
            made = rpc.call("eth_getTransactionReceipt", sent["hash"])["contractAddress"]
            if made is not None and to_checksum_address(made) == address:
                return block, str(to_checksum_address(sent["from"])), str(sent["hash"])
    raise ConfigError("no transaction of its own deployed the contract", value=f"{address} in block {block}")


def _expect(rpc: Rpc, part: Part, made: Deployed) -> None:
    """Raise `ConfigError` unless a factory or a module says that it is what the table calls it."""
    from minerva.chain.deployment import PROTOCOL_VERSION

    try:
        if part.role is Role.FACTORY:
            expect_text(rpc, part, made.address, "version", PROTOCOL_VERSION)
        elif part.role is not Role.IMPLEMENTATION:
            expect_text(rpc, part, made.address, "name", part.name)
    except ChainError as error:
        raise ConfigError(
            error.what, value=error.value, remedy="Name another address, or use the matching minerva."
        ) from None


def _arguments(rpc: Rpc, part: Part, made: Deployed, artefact: Artefact) -> tuple[str, ...]:
    answers = {position: read(rpc, made.address, getter) for position, getter in artefact.getters()}
    words = artefact.immutables(code_at(rpc, made.address))
    if len(part.arguments) == len(words) == 1:  # without a getter, the code itself says it
        answers.setdefault(0, to_checksum_address(words[0][-20:]))
    arguments = [
        answers.get(position) or (made.arguments[position] if position < len(made.arguments) else None)
        for position in range(len(part.arguments))
    ]
    if not all(isinstance(argument, str) and is_address(argument) for argument in arguments):
        raise ConfigError(
            f"the contract is no {part.contract}", value=made.address, remedy="Name another address."
        )
    return tuple(str(argument) for argument in arguments)


def _bound(rpc: Rpc, made: Deployed, artefact: Artefact) -> Deployed:
    """Bind a record to the build whose code lies there; without one where it is another's."""
    ours = artefact.matches(code_at(rpc, made.address))
    return replace(made, code_hash=code_hash(artefact.init_code(made.arguments)) if ours else "")


def _dated(rpc: Rpc, made: Deployed) -> Deployed:
    if made.block >= 0 and is_address(made.deployer):
        return made
    block, deployer, transaction = trace(rpc, made.address)
    return replace(made, block=block, deployer=deployer, transaction=transaction)


def _checked(made: Deployed, path: Path) -> Deployed:
    return replace(made, address=_address(made.address, str(path)))


def _address(given: str, where: str) -> str:
    if not is_address(given):
        raise ConfigError(f"not an address in {where}", value=ascii(given)[:80])
    return str(to_checksum_address(given))


def _born(rpc: Rpc, address: str) -> int:
    """Return the first block after which code lies at ``address``."""
    lowest, highest = 0, int(rpc.call("eth_blockNumber"), 16)
    while lowest < highest:
        middle = (lowest + highest) // 2
        if rpc.call("eth_getCode", address, hex(middle)) not in ("0x", ""):
            highest = middle
        else:
            lowest = middle + 1
    return lowest
