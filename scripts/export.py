"""Write down where the contracts are and what they look like; the client reads the file.

Deploying does so. To do it again for a deployment that exists, as after a change of the ABIs' form:
tools/run brownie run scripts/export.py --network sepolia.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from brownie import Federation, FederationFactory, Miner, ProofOfWork, web3
from minerva.chain.deployment import PROTOCOL_VERSION
from minerva.errors import ConfigError
from scripts.config import DEPLOYMENT, FACTORY, PROOF_OF_WORK, ExportConfig

Contract = Any
"""Brownie's contract at an address."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The contracts of one deployment.

    Attributes
    ----------
    federation, miner
        What the factory clones.
    factory
        What everything is found from.
    proof_of_work
        The consensus module.
    """

    federation: Contract
    miner: Contract
    factory: Contract
    proof_of_work: Contract

    @property
    def contracts(self) -> tuple[Contract, Contract, Contract, Contract]:
        """All of them, in the order in which they are deployed."""
        return self.federation, self.miner, self.factory, self.proof_of_work


@dataclass(frozen=True, slots=True)
class Origin:
    """The first block with one of the contracts, and who deployed the factory."""

    block: int
    deployer: str


@dataclass(frozen=True, slots=True)
class Former:
    """What is known of a deployment that exists; no origin: the chain has to say it."""

    factory: str
    proof_of_work: str
    origin: Origin | None = None


def describe(deployment: Deployment, origin: Origin | None = None) -> dict[str, Any]:
    """Return what a client has to know of a deployment, and what it takes to verify the code.

    Without ``origin`` the contracts must be of this run: their transactions say it.
    """
    factory, proof_of_work = deployment.factory, deployment.proof_of_work
    implementations = [deployment.federation.address, deployment.miner.address]
    origin = origin or Origin(
        min(contract.tx.block_number for contract in deployment.contracts), factory.tx.sender.address
    )
    return {
        "chainId": web3.chain_id,
        "version": factory.version(),
        "block": origin.block,
        "deployer": origin.deployer,
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


def export(deployment: Deployment, path: Path, origin: Origin | None = None) -> Path:
    """Write the description of ``deployment`` to ``path``, whole or not at all, and return the path."""
    text = json.dumps(describe(deployment, origin), indent=2) + "\n"
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


def recall(config: ExportConfig, chain_id: int) -> Former:
    """Say where the contracts are: as the file does, or the environment where there is no file.

    Raises
    ------
    ConfigError
        Neither does, they contradict one another, or the file is none or another chain's.
    """
    try:
        text = config.deployment.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not config.factory or not config.proof_of_work:
            raise ConfigError(
                "there is no deployment file",
                value=config.deployment,
                remedy=f"Name it with {DEPLOYMENT}, or the addresses with {FACTORY} and {PROOF_OF_WORK}.",
            ) from None
        return Former(_address(config.factory, FACTORY), _address(config.proof_of_work, PROOF_OF_WORK))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the deployment file cannot be read", value=f"{config.deployment}: {error}"
        ) from None
    former = _parse(text, config.deployment, chain_id)
    for name, given, known in (
        (FACTORY, config.factory, former.factory),
        (PROOF_OF_WORK, config.proof_of_work, former.proof_of_work),
    ):
        if given and _address(given, name) != known:
            raise ConfigError(
                f"{name} is another contract than the deployment file's",
                value=f"{given}, {known} in {config.deployment}",
                remedy=f"Unset it, or name another file with {DEPLOYMENT}.",
            )
    return former


def attach(former: Former) -> Deployment:
    """Return the contracts that lie there on this chain.

    Raises
    ------
    ConfigError
        No code lies at one of the addresses, or it is not these contracts' of this version.
    """
    chain_id = web3.chain_id
    for name, address in (("FederationFactory", former.factory), ("ProofOfWork", former.proof_of_work)):
        if not web3.eth.get_code(address):
            raise ConfigError(
                f"no contract lies at the {name}'s address on chain {chain_id}",
                value=address,
                remedy=f"Choose its chain with --network, or name another file with {DEPLOYMENT}.",
            )
    name, address = "FederationFactory", former.factory
    try:
        factory = FederationFactory.at(address)
        version = str(factory.version())
        federation = Federation.at(factory.federationImplementation())
        miner = Miner.at(factory.minerImplementation())
        name, address = "ProofOfWork", former.proof_of_work
        proof_of_work = ProofOfWork.at(address)
        proof_of_work.name()
    except Exception as error:  # brownie and web3 have no common one for an answer that does not fit
        raise ConfigError(
            f"the contract is no {name}",
            value=f"{address}: {type(error).__name__}",
            remedy="Name another address.",
        ) from None
    if version != PROTOCOL_VERSION:
        raise ConfigError(
            "the contracts are of another version",
            value=f"{version}, not {PROTOCOL_VERSION}",
            remedy="Use the matching minerva.",
        )
    return Deployment(federation, miner, factory, proof_of_work)


def trace(deployment: Deployment) -> Origin:
    """Find out from the chain when the contracts were deployed, and by whom.

    Raises
    ------
    ConfigError
        The node does not keep the state of old blocks, or another contract deployed the factory.
    """
    try:
        born = {contract.address: _born(contract.address) for contract in deployment.contracts}
    except Exception as error:  # each node has its own words for a state that it has dropped
        raise ConfigError(
            "the node does not say when the contracts were deployed",
            value=f"{type(error).__name__}: {error}"[:200],
            remedy="Ask one that keeps old states (an archive node), or find the former deployment file.",
        ) from None
    factory = deployment.factory.address
    for sent in web3.eth.get_block(born[factory], full_transactions=True)["transactions"]:
        if sent.get("to") is None:
            if web3.eth.get_transaction_receipt(sent["hash"])["contractAddress"] == factory:
                return Origin(min(born.values()), str(sent["from"]))
    raise ConfigError(
        "no transaction of its own deployed the factory", value=f"{factory} in block {born[factory]}"
    )


def main() -> None:
    """Describe the deployment that the environment names, as the chain and these contracts say today."""
    chain_id = web3.chain_id
    config = ExportConfig.read(os.environ, chain_id)
    former = recall(config, chain_id)
    deployment = attach(former)
    path = export(deployment, config.deployment, former.origin or trace(deployment))
    print(f"factory     {deployment.factory.address}")
    print(f"written     {path}")


def _parse(text: str, path: Path, chain_id: int) -> Former:
    """Take from a file what does not change; its ABIs may be of any form."""
    try:
        document = json.loads(text)
        its_chain, contracts = int(document["chainId"]), document["contracts"]
        factory, proof_of_work = (contracts[name]["address"] for name in ("FederationFactory", "ProofOfWork"))
        block, deployer = document.get("block"), document.get("deployer")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"{path}: {type(error).__name__}: {error}"
        raise ConfigError("not a deployment file", value=why, remedy="Move it away.") from None
    if its_chain != chain_id:
        raise ConfigError(
            f"the deployment file is of chain {its_chain}, this is chain {chain_id}",
            value=path,
            remedy=f"Choose its chain with --network, or name another file with {DEPLOYMENT}.",
        )
    known = type(block) is int and block >= 0 and is_address(deployer)
    return Former(
        _address(factory, str(path)),
        _address(proof_of_work, str(path)),
        Origin(block, to_checksum_address(deployer)) if known else None,
    )


def _address(given: Any, where: str) -> str:
    if not is_address(given):
        raise ConfigError(f"not an address in {where}", value=ascii(given)[:80])
    return str(to_checksum_address(given))


def _born(address: str) -> int:
    """Return the first block after which code lies at ``address``."""
    lowest, highest = 0, int(web3.eth.block_number)
    while lowest < highest:
        middle = (lowest + highest) // 2
        if web3.eth.get_code(address, middle):
            highest = middle
        else:
            lowest = middle + 1
    return lowest


def _compiler(contract: Any) -> dict[str, Any]:
    """Brownie's record of the compiler, with the pipeline that it leaves out."""
    settings = contract._project._compiler_config["solc"]
    return {**contract._build["compiler"], "viaIR": bool(settings.get("viaIR"))}
