"""Write down where the contracts are and what they look like; the client reads the file."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brownie import web3

if TYPE_CHECKING:
    from scripts.deploy import Deployment


def describe(deployment: Deployment) -> dict[str, Any]:
    """Return what a client has to know of a deployment, and what it takes to verify the code."""
    factory, proof_of_work = deployment.factory, deployment.proof_of_work
    implementations = [deployment.federation.address, deployment.miner.address]
    created = (deployment.federation, deployment.miner, factory, proof_of_work)
    return {
        "chainId": web3.chain_id,
        "version": factory.version(),
        "block": min(contract.tx.block_number for contract in created),
        "deployer": factory.tx.sender.address,
        "compiler": _compiler(factory),
        "contracts": {
            "FederationFactory": {
                "address": factory.address,
                "constructorArguments": implementations,
                "abi": factory.abi,
            },
            "Federation": {"implementation": implementations[0], "abi": deployment.federation.abi},
            "Miner": {"implementation": implementations[1], "abi": deployment.miner.abi},
            "ProofOfWork": {
                "address": proof_of_work.address,
                "constructorArguments": [],
                "abi": proof_of_work.abi,
            },
        },
    }


def export(deployment: Deployment, path: Path) -> Path:
    """Write the description of ``deployment`` to ``path``, whole or not at all, and return the path."""
    text = json.dumps(describe(deployment), indent=2) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _compiler(contract: Any) -> dict[str, Any]:
    """Brownie's record of the compiler, with the pipeline that it leaves out."""
    settings = contract._project._compiler_config["solc"]
    return {**contract._build["compiler"], "viaIR": bool(settings.get("viaIR"))}
