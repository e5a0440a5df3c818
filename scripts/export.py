"""Write down where the contracts are and what they look like; the client reads the file.

Deploying does so. To do it again for a deployment that exists, as after a change of the ABIs' form:
tools/run brownie run scripts/export.py --network sepolia.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minerva.chain.deployment import PROTOCOL_VERSION
from minerva.errors import ConfigError
from scripts.config import DEPLOYMENT, deployment_file
from scripts.contracts import TABLE, Artefact, Part, Role, load_all
from scripts.files import write_json
from scripts.progress import Deployed
from scripts.sources import Sources, collect, write_sources


def describe(
    chain_id: int,
    deployed: Mapping[str, Deployed],
    artefacts: Mapping[str, Artefact],
    sources: Mapping[str, Sources],
) -> dict[str, Any]:
    """Return what a client has to know of a deployment, and what it takes to verify the code."""
    parts = [part for part in TABLE if part.name in deployed]
    factory = next(deployed[part.name] for part in parts if part.role is Role.FACTORY)

    def modules(role: Role) -> dict[str, str]:
        return {part.name: deployed[part.name].address for part in parts if part.role is role}

    return {
        "chainId": chain_id,
        "version": PROTOCOL_VERSION,
        "block": min(made.block for made in deployed.values()),
        "deployer": factory.deployer,
        "consensus": modules(Role.CONSENSUS),
        "policies": modules(Role.POLICY),
        "contracts": {
            part.contract: _entry(deployed[part.name], artefacts[part.contract], sources.get(part.contract))
            for part in parts
        },
    }


def former_contracts(path: Path, chain_id: int) -> dict[str, Deployed]:
    """Return what a deployment file says of each part that it has.

    Raises
    ------
    ConfigError
        It cannot be read, is no deployment file, or another chain's.
    """
    document = read_document(path, chain_id)
    try:
        found = {part.name: document["contracts"].get(part.contract) for part in TABLE}
        return {name: _former(name, entry, document) for name, entry in found.items() if entry is not None}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_file(path, error) from None


def read_document(path: Path, chain_id: int) -> dict[str, Any]:
    """Read a deployment file of this chain; raises `ConfigError` when it is none."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        its_chain = int(document["chainId"])
        if not isinstance(document["contracts"], dict):
            raise TypeError("no contracts")
    except OSError as error:
        why = f"{path}: {error.strerror}"
        raise ConfigError("the deployment file cannot be read", value=why) from None
    except (KeyError, TypeError, ValueError) as error:
        raise _no_file(path, error) from None
    if its_chain != chain_id:
        raise ConfigError(
            f"the deployment file is of chain {its_chain}, this is chain {chain_id}",
            value=path,
            remedy=f"Choose its chain with --network, or name another file with {DEPLOYMENT}.",
        )
    return document


def run() -> None:
    """Describe the deployment that the environment names, as the chain and these contracts say today."""
    from scripts.connection import connect
    from scripts.recall import find, locate

    rpc, chain_id = connect()
    path, artefacts = deployment_file(os.environ, chain_id), load_all()
    deployed = find(rpc, locate(path, os.environ, chain_id), artefacts)
    ours = [artefacts[made.contract] for made in deployed.values() if made.code_hash]
    sources = collect(ours) if ours else {}
    for made in deployed.values():
        if made.contract not in sources:
            print(f"sources     none of {made.contract}: its code is of another build")
    if sources:
        print(f"sources     {write_sources(sources, path)}")
    print(f"written     {write_json(path, describe(chain_id, deployed, artefacts, sources))}")


def main() -> None:
    """Run as brownie's script."""
    from scripts.connection import report

    report(run)


def _entry(made: Deployed, artefact: Artefact, sources: Sources | None) -> dict[str, Any]:
    return {
        "address": made.address,
        "constructorArguments": list(made.arguments),
        "initCodeHash": made.code_hash,
        "block": made.block,
        "transaction": made.transaction,
        "deployer": made.deployer,
        "compiler": None if sources is None else sources.compiler,
        "abi": artefact.abi,
    }


def _former(name: str, entry: Mapping[str, Any], document: Mapping[str, Any]) -> Deployed:
    """Take an entry; the first form of the file had fewer fields, and a block for all contracts."""
    part: Part = next(part for part in TABLE if part.name == name)
    return Deployed(
        contract=part.contract,
        address=str(entry["address"] if "address" in entry else entry["implementation"]),
        arguments=tuple(entry.get("constructorArguments", ())),
        code_hash=str(entry.get("initCodeHash", "")),
        block=int(entry.get("block", document.get("block", -1))),
        deployer=str(entry.get("deployer", document.get("deployer", ""))),
        transaction=str(entry.get("transaction", "")),
    )


def _no_file(path: Path, error: Exception) -> ConfigError:
    why = f"{path}: {type(error).__name__}: {error}"
    return ConfigError("not a deployment file", value=why, remedy="Move it away.")
