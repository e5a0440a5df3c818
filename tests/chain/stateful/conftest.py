"""The contracts, deployed once for each module, and a stage on which the specification checks them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "client"
# The driver of a federation and the tests of the rules are the client's own.
sys.path += map(str, (HERE, CLIENT, CLIENT / "protocol"))


@pytest.fixture(scope="module", autouse=True)
def isolation(chain):
    """Give back the time that walks pass: days, in which the rounds of other tests would end."""
    chain.snapshot()
    yield
    chain.revert()


@pytest.fixture(scope="module")
def contracts(
    FederationFactory, Federation, FederationExtension, Miner, ProofOfWork, ProofOfStake, ProofOfReputation,
    CommitteeConsensus, RewardVault, StakeVault, AllowListPolicy, MockRefusingConsensus, MockToken, accounts, web3,
):  # fmt: skip
    from adapter import Contracts
    from support.scene import federation_abi

    deployer = {"from": accounts[0], "silent": True}
    extension, miner = FederationExtension.deploy(deployer), Miner.deploy(deployer)
    federation = Federation.deploy(extension, deployer)
    vaults = StakeVault.deploy(deployer), RewardVault.deploy(deployer)
    factory = FederationFactory.deploy(federation, miner, *vaults, deployer)
    proof_of_work = ProofOfWork.deploy(deployer)
    modules = {
        "pos": ProofOfStake.deploy(deployer).address,
        "por": ProofOfReputation.deploy(deployer).address,
        "committee": CommitteeConsensus.deploy(deployer).address,
    }
    token = MockToken.deploy(deployer).address
    abis = [
        MockToken.abi, ProofOfReputation.abi, RewardVault.abi, StakeVault.abi, ProofOfWork.abi, AllowListPolicy.abi,
        FederationFactory.abi, Miner.abi, federation_abi(),
    ]  # fmt: skip
    policies = {"allow-list": AllowListPolicy.deploy(deployer).address}
    return Contracts(
        factory.address, proof_of_work.address, modules, token, abis, web3.provider.endpoint_uri,
        policies=policies, refusing=MockRefusingConsensus.deploy(deployer).address,
    )  # fmt: skip


@pytest.fixture(scope="module")
def coverage():
    from side_by_side import Coverage

    return Coverage()


@pytest.fixture
def stage(contracts, coverage):
    """What the tests of the rules play on: every step is done by the contracts as well, and compared."""
    from federation_driver import REQUESTER
    from machine_stage import Stage
    from side_by_side import SideBySide

    devices, people = [Stage.device(n) for n in range(12)], (REQUESTER, Stage.owner(0), Stage.owner(1))
    contracts.endow(people, 10**24)
    return Stage(SideBySide(contracts, devices, coverage, people=people))
