"""Exporting: given a deployment, the file has all that a client and a verifier of the code need."""

from __future__ import annotations

import json
import os
import stat

import pytest
from scripts import export as script
from scripts.export import describe, export

from brownie import web3
from minerva.chain.deployment import Deployment
from minerva.chain.rpc import Rpc


@pytest.fixture(scope="module")
def described(deployment):
    return describe(deployment)


def test_says_where_everything_is(described, deployment, accounts):
    contracts = described["contracts"]
    assert (described["chainId"], described["version"]) == (31337, "1")
    assert described["deployer"] == accounts[0].address
    assert contracts["FederationFactory"]["address"] == deployment.factory.address
    assert contracts["ProofOfWork"]["address"] == deployment.proof_of_work.address
    assert contracts["Federation"]["implementation"] == deployment.federation.address
    assert contracts["Miner"]["implementation"] == deployment.miner.address


def test_no_contract_is_older_than_the_block(described, deployment):
    made = (deployment.federation, deployment.miner, deployment.factory, deployment.proof_of_work)
    assert described["block"] == min(contract.tx.block_number for contract in made)
    assert all(not web3.eth.get_code(c.address, described["block"] - 1) for c in made)


def test_has_what_it_takes_to_verify_the_code(described, deployment):
    """The constructor's arguments follow the code in the creating transaction; the compiler is ours."""
    from eth_abi import encode

    for name in ("FederationFactory", "ProofOfWork"):
        contract = {"FederationFactory": deployment.factory, "ProofOfWork": deployment.proof_of_work}[name]
        given = described["contracts"][name]["constructorArguments"]
        creation = contract._build["bytecode"] + encode(["address"] * len(given), given).hex()
        assert contract.tx.input.removeprefix("0x") == creation
    compiler = described["compiler"]
    assert compiler["version"].startswith("0.8.36")
    assert compiler["evm_version"] == "cancun"
    assert compiler["optimizer"] == {"enabled": True, "runs": 200}
    assert compiler["viaIR"] is True


def test_abis_are_the_contracts(described, deployment):
    for name, contract in (
        ("FederationFactory", deployment.factory),
        ("Federation", deployment.federation),
        ("Miner", deployment.miner),
        ("ProofOfWork", deployment.proof_of_work),
    ):
        assert described["contracts"][name]["abi"] == contract.abi


def test_the_client_reads_it(deployment, tmp_path):
    """All the way to the contracts, over the client's own connection."""
    path = export(deployment, tmp_path / "new" / "folder" / "deployment.json")
    read = Deployment.load(path)
    assert (read.chain_id, read.version) == (31337, "1")
    assert (read.factory, read.proof_of_work) == (
        deployment.factory.address,
        deployment.proof_of_work.address,
    )
    reader, gateways = read.bind(Rpc(web3.provider.endpoint_uri))
    assert reader.read(gateways.factory.version()) == "1"


def test_everybody_may_read_the_file(deployment, tmp_path):
    path = export(deployment, tmp_path / "deployment.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert json.loads(path.read_text()) == describe(deployment)


def test_replaces_the_former_file(deployment, tmp_path):
    path = tmp_path / "deployment.json"
    path.write_text("former")
    export(deployment, path)
    assert Deployment.load(path).factory == deployment.factory.address
    assert [file.name for file in tmp_path.iterdir()] == ["deployment.json"]


@pytest.mark.parametrize("failing", ["fsync", "chmod", "replace"])
def test_leaves_the_former_file_when_it_fails(deployment, tmp_path, monkeypatch, failing):
    """Whole or not at all: no half of a file, and none left lying about."""

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    path = tmp_path / "deployment.json"
    path.write_text("former")
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            script.export(deployment, path)
    assert path.read_text() == "former"
    assert [file.name for file in tmp_path.iterdir()] == ["deployment.json"]
