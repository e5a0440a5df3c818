"""Deploying: given an account that can pay, the contracts are there and work; else nothing is sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scripts import connection
from scripts import deploy as script
from scripts.config import DEPLOYMENT, KEYSTORE, MAX_FEE, MAX_TIP, PASSWORD_FILE
from scripts.contracts import TABLE
from support.deploying import ANVIL, SEPOLIA
from support.errors import reverts
from support.scene import Deployed, Scene

from brownie import FederationFactory, Miner, ProofOfWork
from minerva.chain.deployment import Deployment
from minerva.chain.fees import GWEI
from minerva.errors import ConfigError, InsufficientFunds, KeystoreError, WrongChain
from minerva.keys import create_keystore, load_account

DEPLOYER_KEY = b"\x51" * 32


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The scripts' variables: only the file to write."""
    for name in (KEYSTORE, PASSWORD_FILE, MAX_FEE, MAX_TIP):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(tmp_path / "made" / "deployment.json"))
    return monkeypatch


@pytest.fixture
def keystore(environment, tmp_path):
    """Name a keystore; return its account."""
    account = create_keystore(tmp_path / "key.json", "secret word", scrypt_n=2, key=DEPLOYER_KEY)
    (tmp_path / "word.txt").write_text("secret word\n")
    environment.setenv(KEYSTORE, str(tmp_path / "key.json"))
    environment.setenv(PASSWORD_FILE, str(tmp_path / "word.txt"))
    return account


# what was deployed


def test_a_federation_and_a_miner_can_be_created(deployed, requester, owners, devices):
    """All of a round, on what the script deployed."""
    factory = FederationFactory.at(deployed["factory"].address)
    scene = Scene.create(Deployed(factory, ProofOfWork.at(deployed["pow"].address), None), requester)
    scene.join(*owners[:3])
    scene.register(*devices[:3])
    scene.tick()
    scene.finish_round()
    assert (scene.state.height, scene.round) == (1, 2)


def test_nobody_can_set_up_the_implementations(deployed, stranger):
    with reverts("InvalidInitialization"):
        Miner.at(deployed["miner"].address).initialize(stranger, stranger, 0, "", {"from": stranger})


def test_fees_are_paid_within_the_caps(site, tmp_path, deployed):
    sender = site.sender()
    made = site.create(sender, tmp_path)
    for contract in made.values():
        sent = site.rpc.call("eth_getTransactionByHash", contract.transaction)
        assert (
            int(sent["maxPriorityFeePerGas"], 16) <= 2 * GWEI and int(sent["maxFeePerGas"], 16) <= 200 * GWEI
        )


# plan


def test_says_what_it_is_about_to_do(site, config, tmp_path):
    sender = site.sender()
    creation = site.creation(sender, tmp_path)
    steps = creation.missing()
    told = script.plan(creation, sender, steps, config)
    parts = (sender.address, f"{creation.estimate(steps):,}", str(config.deployment), "FederationFactory")
    assert all(part in told for part in parts)


def test_refuses_too_small_a_balance(site, config, tmp_path):
    account = site.payer()
    sender = site.sender(account)
    creation = site.creation(sender, tmp_path)
    steps = creation.missing()
    cost = creation.estimate(steps) * sender.price()
    site.endow(account.address, cost)
    script.plan(creation, sender, steps, config)
    site.endow(account.address, cost - 1)
    with pytest.raises(InsufficientFunds, match=rf"cannot pay .*: {account.address} has .* ether\. Send"):
        script.plan(creation, sender, steps, config)


def test_the_bytes_of_an_op_chain_count(site, config, tmp_path):
    account = site.payer()
    sender = site.sender(account)
    creation = site.creation(sender, tmp_path)
    steps = creation.missing()
    site.endow(account.address, creation.estimate(steps) * sender.price() + 9)
    creation.surcharge = lambda _: 9
    script.plan(creation, sender, steps, config)
    creation.surcharge = lambda _: 10
    with pytest.raises(InsufficientFunds):
        script.plan(creation, sender, steps, config)


# an earlier deployment


@pytest.fixture
def without_compiler(monkeypatch, sources):
    monkeypatch.setattr(script, "collect", lambda _: sources)


@pytest.mark.usefixtures("without_compiler")
def test_a_second_run_changes_nothing(site, config):
    sender = site.sender()
    first = script.deploy(sender, config)
    text, nonce = config.deployment.read_text(), sender.nonce()
    assert script.deploy(sender, config) == first
    assert (config.deployment.read_text(), sender.nonce()) == (text, nonce)
    assert [p.name for p in config.deployment.parent.iterdir() if "progress" in p.name] == []


@pytest.mark.usefixtures("without_compiler")
def test_refuses_to_lose_a_lasting_deployment(site, config):
    """Its contracts are of other code: a new factory needs a file of its own."""
    sender = site.sender()
    script.deploy(sender, config)
    document = json.loads(config.deployment.read_text())
    document["chainId"] = sender.chain_id = SEPOLIA
    document["contracts"]["FederationFactory"]["initCodeHash"] = "0x" + "11" * 32
    config.deployment.write_text(json.dumps(document))
    nonce = sender.nonce()
    with pytest.raises(
        ConfigError,
        match=f"already, whose FederationFactory is of other code than this build: {config.deployment}. Name",
    ):
        script.deploy(sender, config)
    assert sender.nonce() == nonce and json.loads(config.deployment.read_text()) == document


@pytest.mark.usefixtures("without_compiler")
def test_a_dev_chains_old_file_is_replaced(site, config):
    sender = site.sender()
    first = script.deploy(sender, config)
    document = json.loads(config.deployment.read_text())
    for entry in document["contracts"].values():
        del entry["initCodeHash"]
    config.deployment.write_text(json.dumps(document))
    assert script.deploy(sender, config)["factory"].address != first["factory"].address


@pytest.mark.usefixtures("without_compiler")
def test_a_file_of_another_chain_is_refused(site, config):
    sender = site.sender()
    script.deploy(sender, config)
    document = json.loads(config.deployment.read_text())
    config.deployment.write_text(json.dumps(document | {"chainId": 5}))
    with pytest.raises(ConfigError, match="the deployment file is of chain 5, this is chain 31337"):
        script.deploy(sender, config)


@pytest.mark.usefixtures("without_compiler")
def test_what_is_not_what_was_built_is_not_written(site, config, monkeypatch):
    monkeypatch.setattr("scripts.verify.PROTOCOL_VERSION", "2")
    with pytest.raises(Exception, match="FederationFactory.version.. is not '2'"):
        script.deploy(site.sender(), config)
    assert not config.deployment.exists()


# the whole script


def test_main_deploys_and_writes(environment, tmp_path, capsys):
    script.main()
    path = tmp_path / "made" / "deployment.json"
    deployment, told = Deployment.load(path), capsys.readouterr().out
    assert f"factory     {deployment.factory}" in told and f"written     {path}" in told
    assert (tmp_path / "made" / "deployment" / "sources" / "Miner" / "metadata.json").exists()


@pytest.mark.usefixtures("without_compiler")
def test_main_signs_with_a_keystore(site, keystore, capsys):
    before = site.sender(keystore).nonce()
    site.endow(keystore.address, 0)
    with pytest.raises(InsufficientFunds, match="cannot pay"):
        script.run()
    site.endow(keystore.address, 10**18)
    script.main()
    told = capsys.readouterr().out
    assert keystore.address in told
    assert "secret word" not in told and DEPLOYER_KEY.hex() not in told
    assert site.sender(keystore).nonce() == before + len(TABLE)


@pytest.mark.usefixtures("without_compiler")
def test_a_mistake_is_one_line_and_a_status(site, keystore, capsys):
    site.endow(keystore.address, 0)
    with pytest.raises(SystemExit) as ended:
        script.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith(
        f"minerva: the account cannot pay for the deployment: {keystore.address} has 0.000000"
    )


def test_main_refuses_published_keys_elsewhere(site, environment, tmp_path):
    """By name and in a keystore; nothing is sent, nothing written."""
    published = load_account("anvil:1", ANVIL)
    before = site.sender(published).nonce()
    environment.setattr(script, "connect", lambda: (site.rpc, SEPOLIA))
    create_keystore(tmp_path / "key.json", "word", scrypt_n=2, key=bytes(published.key))
    (tmp_path / "word.txt").write_text("word")
    environment.setenv(PASSWORD_FILE, str(tmp_path / "word.txt"))
    for account in ("anvil:0", str(tmp_path / "key.json")):
        environment.setenv(KEYSTORE, account)
        with pytest.raises(KeystoreError, match=f"chain {SEPOLIA} is no dev chain"):
            script.run()
    assert site.sender(published).nonce() == before
    assert not (tmp_path / "made").exists()


def test_the_network_says_which_chain_it_is(site):
    assert connection.connect()[1] == ANVIL
    assert connection.check_chain(site.rpc, "local", ANVIL) == ANVIL
    with pytest.raises(WrongChain, match="another chain: 31337; sepolia is 11155111. Name a node"):
        connection.check_chain(site.rpc, "sepolia", SEPOLIA)
    with pytest.raises(WrongChain, match="Set MINERVA_CHAIN_ID to 31337 if that is the chain you mean"):
        connection.check_chain(site.rpc, "local", 7)


def test_the_caps_are_the_configurations(site, environment, config):
    sender = site.sender(fees=replace(config.fees, max_fee=GWEI // 2))
    assert sender.price() <= GWEI // 2
