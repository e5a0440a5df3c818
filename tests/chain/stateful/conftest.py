"""The contracts, deployed once for each module, and a stage on which the specification checks them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "client"
# The driver of a federation and the tests of the rules are the client's own.
sys.path += map(str, (HERE, CLIENT, CLIENT / "protocol"))


@pytest.fixture(scope="module")
def contracts(
    FederationFactory, Federation, FederationExtension, Miner, ProofOfWork, ProofOfReputation, CommitteeConsensus,
    AllowListPolicy, MockRefusingConsensus, accounts, web3,
):  # fmt: skip
    from adapter import Contracts
    from support.scene import federation_abi

    deployer = {"from": accounts[0], "silent": True}
    extension, miner = FederationExtension.deploy(deployer), Miner.deploy(deployer)
    federation, nobody = Federation.deploy(extension, deployer), "0x" + "0" * 40
    factory = FederationFactory.deploy(federation, miner, nobody, nobody, deployer)
    proof_of_work = ProofOfWork.deploy(deployer)
    modules = {
        "por": ProofOfReputation.deploy(deployer).address,
        "committee": CommitteeConsensus.deploy(deployer).address,
    }
    abis = [
        ProofOfReputation.abi, ProofOfWork.abi, AllowListPolicy.abi, FederationFactory.abi, Miner.abi, federation_abi()
    ]  # fmt: skip
    policies = {"allow-list": AllowListPolicy.deploy(deployer).address}
    return Contracts(
        factory.address, proof_of_work.address, modules, abis, web3.provider.endpoint_uri,
        policies=policies, refusing=MockRefusingConsensus.deploy(deployer).address,
    )  # fmt: skip


@pytest.fixture(scope="module")
def coverage():
    from side_by_side import Coverage

    return Coverage()


@pytest.fixture
def stage(contracts, coverage):
    """What the tests of the rules play on: every step is done by the contracts as well, and compared."""
    from machine_stage import Stage
    from side_by_side import SideBySide

    return Stage(SideBySide(contracts, [Stage.device(number) for number in range(12)], coverage))
