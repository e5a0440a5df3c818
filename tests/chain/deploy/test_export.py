"""Exporting: given a deployment, the file has all that a client and a verifier of the code need."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace

import pytest
from eth_abi import encode
from scripts import export as script
from scripts import files, recall
from scripts.config import DEPLOYMENT
from scripts.contracts import TABLE, Role
from scripts.export import describe, former_contracts
from scripts.recall import find, locate, trace

from brownie import web3
from minerva.chain.deployment import Deployment
from minerva.chain.rpc import Rpc, RpcError
from minerva.errors import ConfigError

NOWHERE = "0x" + "4907" * 10
IMPLEMENTATIONS = {part.contract for part in TABLE if part.role is Role.IMPLEMENTATION}
FACTORY, PROOF_OF_WORK = "MINERVA_FACTORY", "MINERVA_PROOF_OF_WORK"


@pytest.fixture(scope="module")
def described(site, deployed, sources):
    return describe(31337, deployed, site.artefacts, sources)


@pytest.fixture
def path(described, tmp_path):
    return files.write_json(tmp_path / "deployment.json", described)


# the file


def test_says_where_everything_is(described, deployed):
    assert (described["chainId"], described["version"]) == (31337, "1")
    assert described["deployer"] == deployed["factory"].deployer
    for part in TABLE:
        assert described["contracts"][part.contract]["address"] == deployed[part.name].address
    for role in (Role.CONSENSUS, Role.POLICY):
        assert described[role] == {p.name: deployed[p.name].address for p in TABLE if p.role is role}
    assert described["consensus"]["pow"] == deployed["pow"].address


def test_says_since_when(described):
    for entry in described["contracts"].values():
        assert web3.eth.get_code(entry["address"], entry["block"])
        assert not web3.eth.get_code(entry["address"], entry["block"] - 1)
        assert web3.eth.get_transaction_receipt(entry["transaction"])["contractAddress"] == entry["address"]
    assert described["block"] == min(entry["block"] for entry in described["contracts"].values())


def test_has_what_it_takes_to_verify_the_code(described, site):
    """The constructor's arguments follow the code in the creating transaction; the compiler is ours."""
    for contract, entry in described["contracts"].items():
        given = entry["constructorArguments"]
        creation = site.artefacts[contract].creation + encode(["address"] * len(given), given)
        assert bytes(web3.eth.get_transaction(entry["transaction"])["input"]) == creation
        assert entry["initCodeHash"] == "0x" + bytes(web3.keccak(creation)).hex()
        assert entry["compiler"]["version"].startswith("0.8.36")
        assert entry["compiler"]["optimizer"] == {"enabled": True, "runs": 200}


def test_abis_are_the_contracts(described, site):
    for contract, entry in described["contracts"].items():
        assert entry["abi"] == site.artefacts[contract].abi


def test_the_client_reads_it(path, deployed):
    """All the way to the contracts, over the client's own connection."""
    read = Deployment.load(path)
    assert (read.chain_id, read.version) == (31337, "1")
    assert (read.factory, read.proof_of_work) == (deployed["factory"].address, deployed["pow"].address)
    reader, gateways = read.bind(Rpc(web3.provider.endpoint_uri))
    assert reader.read(gateways.factory.version()) == "1"


def test_the_deploy_script_reads_it(path, deployed):
    assert former_contracts(path, 31337) == deployed


def test_everybody_may_read_the_file(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_replaces_the_former_file(tmp_path):
    path = tmp_path / "new" / "folder" / "deployment.json"
    files.write(path, "former")
    files.write(path, "new")
    assert path.read_text() == "new" and [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("failing", ["fsync", "chmod", "replace"])
def test_leaves_the_former_file_when_it_fails(tmp_path, monkeypatch, failing):
    """Whole or not at all: no half of a file, and none left lying about."""

    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    path = tmp_path / "deployment.json"
    path.write_text("former")
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(OSError, match="No space left"):
            files.write(path, "new")
    assert path.read_text() == "former"
    assert [file.name for file in tmp_path.iterdir()] == ["deployment.json"]


# an existing deployment


@pytest.fixture
def environment(monkeypatch, tmp_path, sources):
    """The script's variables: only the file."""
    for part in TABLE:
        monkeypatch.delenv(part.variable, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(tmp_path / "deployment.json"))
    monkeypatch.setattr(script, "collect", lambda ours: {one.contract: sources[one.contract] for one in ours})
    return monkeypatch


def first_form(described):
    """The file as it was when there was one consensus module."""
    old = json.loads(json.dumps(described))
    for name in ("consensus", "policies"):
        del old[name]
    for contract, entry in old["contracts"].items():
        kept = {"abi": [], "constructorArguments": entry["constructorArguments"]}
        where = "implementation" if contract in IMPLEMENTATIONS else "address"
        old["contracts"][contract] = kept | {where: entry["address"]}
    return old


def test_main_writes_an_old_file_anew(environment, path, described, capsys):
    """What cannot change is kept, all else is as these contracts are now."""
    path.write_text(json.dumps(first_form(described) | {"version": "0", "block": 1}))
    script.main()
    written = json.loads(path.read_text())
    for entry in (*written["contracts"].values(), written):
        assert entry.pop("block") == 1
    for contract, entry in written["contracts"].items():
        assert entry.pop("transaction") == ""
        assert entry.items() <= described["contracts"][contract].items()
    assert (written["consensus"], written["version"]) == (described["consensus"], "1")
    assert f"written     {path}" in capsys.readouterr().out


def test_main_finds_all_from_the_addresses_of_factory_and_modules(environment, deployed, described, tmp_path):
    for part in TABLE:
        if part.role is not Role.IMPLEMENTATION:
            environment.setenv(part.variable, deployed[part.name].address.lower())
    script.main()
    assert json.loads((tmp_path / "deployment.json").read_text()) == described
    assert (tmp_path / "deployment" / "sources" / "Miner" / "input.json").exists()


def test_code_of_another_build_has_no_sources(environment, path, described, site, capsys):
    other = replace(site.artefacts["Miner"], runtime=site.artefacts["Miner"].runtime[:-1])
    environment.setattr(script, "load_all", lambda: site.artefacts | {"Miner": other})
    script.main()
    entry = json.loads(path.read_text())["contracts"]["Miner"]
    assert (entry["initCodeHash"], entry["compiler"]) == ("", None)
    assert "sources     none of Miner: its code is of another build" in capsys.readouterr().out


def test_main_leaves_the_file_when_nothing_is_there(environment, path, described):
    old = json.loads(json.dumps(described))
    old["contracts"]["ProofOfWork"]["address"] = NOWHERE
    path.write_text(json.dumps(old))
    with pytest.raises(ConfigError, match="no contract lies at ProofOfWork's address on this chain: 0x4907"):
        script.run()
    assert json.loads(path.read_text()) == old


def test_the_chain_says_when_and_by_whom(site, deployed):
    for made in deployed.values():
        assert trace(site.rpc, made.address) == (made.block, made.deployer, made.transaction)


def test_a_node_that_forgets_is_named_so(site, deployed, monkeypatch):
    def forgets(*_arguments):
        raise RpcError("eth_getCode", -32000, "missing trie node")

    monkeypatch.setattr(recall, "_born", forgets)
    with pytest.raises(ConfigError, match="missing trie node .*. Ask one that keeps old states"):
        trace(site.rpc, deployed["pow"].address)


@pytest.mark.parametrize(
    "name, told", [("factory", "FederationFactory.version"), ("pow", "ProofOfWork.name")]
)
def test_refuses_what_is_another_contract(site, deployed, name, told):
    other = deployed["miner"].address
    with pytest.raises(ConfigError, match=rf"{told}\(\) is not .*: None at {other}"):
        find(site.rpc, deployed | {name: replace(deployed[name], address=other)}, site.artefacts)


def test_refuses_contracts_of_another_version(site, deployed, monkeypatch):
    monkeypatch.setattr("minerva.chain.deployment.PROTOCOL_VERSION", "2")
    with pytest.raises(ConfigError, match=r"version\(\) is not '2': '1' at .*matching minerva"):
        find(site.rpc, deployed, site.artefacts)


def test_needs_a_file_or_both_addresses(tmp_path, deployed):
    addresses = {FACTORY: deployed["factory"].address, PROOF_OF_WORK: deployed["pow"].address}
    for lacking in ([FACTORY], [PROOF_OF_WORK], [FACTORY, PROOF_OF_WORK]):
        given = {name: address for name, address in addresses.items() if name not in lacking}
        with pytest.raises(ConfigError, match=f"no deployment file: .* with {' and '.join(lacking)}"):
            locate(tmp_path / "none.json", given, 31337)


def test_refuses_what_is_no_address(tmp_path, deployed):
    given = {FACTORY: "0x12", PROOF_OF_WORK: deployed["pow"].address}
    with pytest.raises(ConfigError, match=f"not an address in {FACTORY}: '0x12'"):
        locate(tmp_path / "none.json", given, 31337)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"chainId": null}', '{"chainId": 31337, "contracts": []}',
     '{"chainId": 31337, "contracts": {"Miner": {}}}', '{"chainId": 31337, "contracts": {"Miner": 5}}'],
)  # fmt: skip
def test_refuses_what_is_no_deployment_file(tmp_path, text):
    path = tmp_path / "deployment.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="not a deployment file"):
        locate(path, {}, 31337)


def test_refuses_the_file_of_another_chain(path):
    with pytest.raises(ConfigError, match="of chain 31337, this is chain 1:"):
        locate(path, {}, 1)


def test_refuses_addresses_that_contradict_the_file(path, deployed):
    given = {FACTORY: deployed["factory"].address.lower(), PROOF_OF_WORK: deployed["pow"].address}
    assert locate(path, given, 31337) == deployed
    for name in given:
        with pytest.raises(ConfigError, match=f"{name} is another contract than the deployment file's"):
            locate(path, {name: NOWHERE}, 31337)
