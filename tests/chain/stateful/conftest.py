"""The contracts, deployed once, and the accounts of these tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# The driver that plays a federation is the client tests' own.
sys.path += [str(HERE), str(HERE.parents[1] / "client")]


@pytest.fixture(scope="module")
def contracts(FederationFactory, Federation, Miner, ProofOfWork, accounts, web3):
    from adapter import Contracts

    deployer = {"from": accounts[0], "silent": True}
    federation, miner = Federation.deploy(deployer), Miner.deploy(deployer)
    factory = FederationFactory.deploy(federation, miner, deployer)
    proof_of_work = ProofOfWork.deploy(deployer)
    abis = [FederationFactory.abi, Federation.abi, Miner.abi, ProofOfWork.abi]
    return Contracts(factory.address, proof_of_work.address, abis, web3.provider.endpoint_uri)
