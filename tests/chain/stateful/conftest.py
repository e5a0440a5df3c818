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
    FederationFactory, Federation, FederationExtension, Miner, ProofOfWork, ProofOfStake,
    ProofOfReputation, CommitteeConsensus, StakeVault, MockToken, accounts, web3,
):  # fmt: skip
    from adapter import Contracts
    from support.scene import federation_abi

    deployer = {"from": accounts[0], "silent": True}
    extension, miner = FederationExtension.deploy(deployer), Miner.deploy(deployer)
    federation, nobody = Federation.deploy(extension, deployer), "0x" + "0" * 40
    vault, token = StakeVault.deploy(deployer), MockToken.deploy(deployer)
    factory = FederationFactory.deploy(federation, miner, vault, nobody, deployer)
    proof_of_work = ProofOfWork.deploy(deployer)
    modules = {
        "pos": ProofOfStake.deploy(deployer).address,
        "por": ProofOfReputation.deploy(deployer).address,
        "committee": CommitteeConsensus.deploy(deployer).address,
    }
    abis = [
        ProofOfReputation.abi, ProofOfWork.abi, FederationFactory.abi, Miner.abi, MockToken.abi, StakeVault.abi,
        federation_abi(),
    ]  # fmt: skip
    places = (factory.address, proof_of_work.address, modules, token.address)
    return Contracts(*places, abis, web3.provider.endpoint_uri)


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
