"""A real anvil with the contracts on it: import the fixtures that a test module needs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3 import Web3

from minerva.chain.actor import Web3Actor
from minerva.chain.codec import CONTRACTS
from minerva.chain.deployment import Deployment
from minerva.chain.dev import AnvilNode, find_anvil
from minerva.chain.rpc import Rpc
from minerva.chain.web3 import Web3Chain
from minerva.errors import MinervaError
from minerva.keys import load_account
from minerva.protocol import actions as act
from minerva.protocol.cid import Cid
from minerva.protocol.events import FederationCreated
from minerva.protocol.records import Address
from minerva.protocol.state import FederationConfig

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "contracts"
CHAIN_ID = 31337


@cache
def artefact(name: str) -> Any:
    """What brownie compiled; compiles where it did not yet."""
    path = BUILD / f"{name}.json"
    if not path.exists():
        subprocess.run([ROOT / "tools" / "run", "brownie", "compile"], cwd=ROOT, check=True, timeout=300)
    return json.loads(path.read_text(encoding="utf-8"))


def deploy(url: str) -> Deployment:
    """Deploy the contracts with web3.py, as a check that it works over this client's provider."""
    web3, account = Web3(Rpc(url)), load_account("anvil:0", CHAIN_ID)
    first = web3.eth.block_number + 1
    addresses: dict[str, Address] = {}
    wanted: dict[str, tuple[str, ...]] = {
        "FederationExtension": (),
        "Federation": ("FederationExtension",),
        "Miner": (),
        "StakeVault": (),
        "RewardVault": (),
        "FederationFactory": ("Federation", "Miner", "StakeVault", "RewardVault"),
        "ProofOfWork": (),
    }
    for name, arguments in wanted.items():
        made = web3.eth.contract(abi=artefact(name)["abi"], bytecode=artefact(name)["bytecode"])
        fields: Any = {
            "from": account.address, "nonce": web3.eth.get_transaction_count(account.address),
            "gas": 12_000_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9, "chainId": CHAIN_ID,
        }  # fmt: skip
        call = made.constructor(*(addresses[a] for a in arguments)).build_transaction(fields)
        sent = web3.eth.send_raw_transaction(account.sign_transaction(call).raw_transaction)
        address = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.002)["contractAddress"]
        assert address is not None
        addresses[name] = address
    return Deployment(
        CHAIN_ID, "1", first, addresses["FederationFactory"], {"pow": addresses["ProofOfWork"]},
        {name: artefact(name)["abi"] for name in CONTRACTS},
    )  # fmt: skip


def cid(text: str) -> Cid:
    return Cid(keccak(text=text))


@dataclass
class Site:
    """A node, the contracts, and a folder for outboxes and locks."""

    node: AnvilNode
    deployment: Deployment
    folder: Path
    _open: list[Any] = field(default_factory=list)

    def chain(self, **options: Any) -> Web3Chain:
        chain = Web3Chain(self.node.url, self.deployment, **{"patience": 5.0, **options})
        self._open.append(chain)
        return chain

    def actor(self, chain: Web3Chain, number: int) -> Web3Actor:
        account = load_account(f"anvil:{number}", CHAIN_ID)
        actor = chain.actor(account, self.folder / "outbox", locks=self.folder)
        self._open.append(actor)
        return actor

    def write(self, path: Path) -> Path:
        """Write the deployment file."""
        one = self.deployment
        contracts: dict[str, dict[str, Any]] = {name: {"abi": abi} for name, abi in one.abis.items()}
        contracts["FederationFactory"] |= {"address": one.factory}
        contracts["ProofOfWork"] |= {"address": one.proof_of_work}
        document = {
            "chainId": one.chain_id,
            "version": one.version,
            "block": one.block,
            "contracts": contracts,
        }
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


def config(proof_of_work: Address, **changes: Any) -> FederationConfig:
    values: dict[str, Any] = {
        "manifest": cid("manifest"), "model": cid("model"), "consensus": proof_of_work,
        "consensus_parameters": encode(("uint64", "uint32"), (1, 1)), "rounds": 5, "min_miners": 1,
        "max_miners": 8, "min_devices": 1, "max_devices": 50, "min_updates": 1, "max_joins": 50,
        "silent_rounds": 2, "training_seconds": 600, "verification_seconds": 600, "fetch_seconds": 100,
        "mining_seconds": 600, "attestation_seconds": 600, "max_extensions": 1, "max_candidates": 3,
        "max_pause_seconds": 100, "max_model_bytes": 1 << 20, "confirmations": 0,
    }  # fmt: skip
    return FederationConfig(**{**values, **changes})


def found(actor: Web3Actor, chain: Web3Chain, label: str, **changes: Any) -> Address:
    """Create a federation; return its address."""
    receipt = actor.send(act.CreateFederation(chain.factory, config(chain.proof_of_work, **changes), label))
    return next(log.event.federation for log in receipt.logs if isinstance(log.event, FederationCreated))


def start(folder: Path, **options: Any) -> AnvilNode:
    try:
        find_anvil()
    except MinervaError as error:
        pytest.skip(str(error))
    return AnvilNode(folder, **options).start()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One chain for tests that leave it standing; each makes its own federation."""
    artefact("Federation")
    folder = tmp_path_factory.mktemp("shared")
    with start(folder / "chain") as node:
        site = Site(node, deploy(node.url), folder)
        yield site
        site.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    """A chain for a test that re-organises, stops or kills it."""
    artefact("Federation")
    node = start(tmp_path / "chain")
    site = Site(node, deploy(node.url), tmp_path)
    try:
        yield site
    finally:
        site.close()
        node.stop()
