"""Exporting: given a deployment, the file has all that a client and a verifier of the code need."""

from __future__ import annotations

import json
import os
import stat

import pytest
from scripts import export as script
from scripts.config import DEPLOYMENT, FACTORY, PROOF_OF_WORK, ExportConfig
from scripts.export import Former, Origin, attach, describe, export, recall, trace

from brownie import web3
from minerva.chain.deployment import Deployment
from minerva.chain.rpc import Rpc
from minerva.errors import ConfigError

NOWHERE = "0x" + "4907" * 10


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


# an existing deployment


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The script's variables: only the file."""
    for name in (FACTORY, PROOF_OF_WORK):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(tmp_path / "deployment.json"))
    return monkeypatch


@pytest.fixture
def former(deployment):
    return Former(deployment.factory.address, deployment.proof_of_work.address)


def config(path, factory="", proof_of_work=""):
    return ExportConfig(path, factory, proof_of_work)


def test_main_writes_an_old_file_anew(environment, described, tmp_path, capsys):
    """What cannot change is kept, all else is as these contracts are now."""
    path = tmp_path / "deployment.json"
    old = json.loads(json.dumps(described)) | {"compiler": {}, "version": "0", "block": 1}
    for contract in old["contracts"].values():
        contract["abi"] = []
    path.write_text(json.dumps(old))
    script.main()
    assert json.loads(path.read_text()) == described | {"block": 1}
    told = capsys.readouterr().out
    assert described["contracts"]["FederationFactory"]["address"] in told and f"written     {path}" in told


def test_main_finds_all_from_two_addresses(environment, former, described, tmp_path):
    environment.setenv(FACTORY, former.factory.lower())
    environment.setenv(PROOF_OF_WORK, former.proof_of_work)
    script.main()
    assert json.loads((tmp_path / "deployment.json").read_text()) == described


def test_main_leaves_the_file_when_nothing_is_there(environment, described, tmp_path):
    path = tmp_path / "deployment.json"
    old = json.loads(json.dumps(described))
    old["contracts"]["ProofOfWork"]["address"] = NOWHERE
    path.write_text(json.dumps(old))
    with pytest.raises(ConfigError, match="no contract lies at the ProofOfWork's address on chain 31337"):
        script.main()
    assert json.loads(path.read_text()) == old


def test_the_chain_says_when_and_by_whom(deployment, former, described):
    assert trace(attach(former)) == Origin(described["block"], described["deployer"])


def test_a_node_that_forgets_is_named_so(deployment, monkeypatch):
    def forgets(_address):
        raise ValueError("missing trie node")

    monkeypatch.setattr(script, "_born", forgets)
    with pytest.raises(ConfigError, match="ValueError: missing trie node. Ask one that keeps old states"):
        trace(deployment)


def test_refuses_what_is_no_factory(former):
    with pytest.raises(ConfigError, match="the contract is no FederationFactory"):
        attach(Former(former.proof_of_work, former.proof_of_work))


def test_refuses_what_is_no_proof_of_work(former):
    with pytest.raises(ConfigError, match="the contract is no ProofOfWork"):
        attach(Former(former.factory, former.factory))


def test_refuses_an_address_without_code(former):
    with pytest.raises(ConfigError, match="the FederationFactory's address on chain 31337: 0x4907"):
        attach(Former(NOWHERE, former.proof_of_work))


def test_refuses_contracts_of_another_version(former, monkeypatch):
    monkeypatch.setattr(script, "PROTOCOL_VERSION", "2")
    with pytest.raises(ConfigError, match="of another version: 1, not 2"):
        attach(former)


def test_needs_a_file_or_both_addresses(tmp_path, former):
    for given in ({}, {"factory": former.factory}, {"proof_of_work": former.proof_of_work}):
        with pytest.raises(ConfigError, match=f"no deployment file: .* {FACTORY} and {PROOF_OF_WORK}"):
            recall(config(tmp_path / "none.json", **given), 31337)


def test_refuses_what_is_no_address(tmp_path, former):
    with pytest.raises(ConfigError, match=f"not an address in {FACTORY}: '0x12'"):
        recall(config(tmp_path / "none.json", "0x12", former.proof_of_work), 31337)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"chainId": 31337, "contracts": {}}', '{"chainId": null}'])
def test_refuses_what_is_no_deployment_file(tmp_path, text):
    path = tmp_path / "deployment.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not a deployment file"):
        recall(config(path), 31337)


def test_refuses_the_file_of_another_chain(deployment, tmp_path):
    path = export(deployment, tmp_path / "deployment.json")
    with pytest.raises(ConfigError, match="of chain 31337, this is chain 1:"):
        recall(config(path), 1)


def test_refuses_addresses_that_contradict_the_file(deployment, former, described, tmp_path):
    path = export(deployment, tmp_path / "deployment.json")
    origin = Origin(described["block"], described["deployer"])
    expected = Former(former.factory, former.proof_of_work, origin)
    assert recall(config(path, former.factory.lower(), former.proof_of_work), 31337) == expected
    for given in ({"factory": NOWHERE}, {"proof_of_work": NOWHERE}):
        with pytest.raises(ConfigError, match="another contract than the deployment file's"):
            recall(config(path, **given), 31337)


def test_an_origin_that_is_no_use_is_left_out(deployment, described, tmp_path):
    path = tmp_path / "deployment.json"
    for block, deployer in (
        (None, described["deployer"]),
        (-1, described["deployer"]),
        (1, None),
        (True, "x"),
    ):
        path.write_text(json.dumps(described | {"block": block, "deployer": deployer}))
        assert recall(config(path), 31337).origin is None
