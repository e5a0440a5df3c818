"""Deploying: given an account that can pay, the contracts are there and work; else nothing is sent."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from scripts import deploy as script
from scripts.config import DEPLOYMENT, KEYSTORE, MAX_FEE, PASSWORD_FILE, ScriptConfig
from support.bulk import address
from support.errors import reverts
from support.scene import Deployed, Scene

from brownie import web3
from minerva.chain.deployment import Deployment
from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ChainError, ConfigError, KeystoreError
from minerva.keys import create_keystore, load_account

ANVIL, SEPOLIA = 31337, 11155111
FEES = {"max_fee": 3 * GWEI, "priority_fee": GWEI}
DEPLOYER_KEY = b"\x51" * 32


@pytest.fixture
def config(tmp_path):
    return ScriptConfig("anvil:0", None, tmp_path / "deployment.json", FeePolicy())


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """The scripts' variables: only the file to write."""
    for name in (KEYSTORE, PASSWORD_FILE, MAX_FEE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(tmp_path / "made" / "deployment.json"))
    return monkeypatch


def endow(account, wei):
    web3.provider.make_request("anvil_setBalance", [account, hex(wei)])


# deploy


def test_a_federation_and_a_miner_can_be_created(deployment, requester, owners, devices):
    """All of a round, on what the script deployed."""
    deployed = Deployed(deployment.factory, deployment.proof_of_work, None)
    scene = Scene.create(deployed, requester)
    scene.join(*owners[:3])
    scene.register(*devices[:3])
    scene.tick()
    scene.finish_round()
    assert (scene.state.height, scene.round) == (1, 2)


def test_the_factory_clones_what_was_deployed(deployment):
    assert deployment.factory.federationImplementation() == deployment.federation
    assert deployment.factory.minerImplementation() == deployment.miner
    assert deployment.factory.version() == "1"


def test_nobody_can_set_up_the_implementations(deployment, stranger):
    with reverts("InvalidInitialization"):
        deployment.miner.initialize(stranger, stranger, 0, "", {"from": stranger})


def test_fees_are_paid_as_given(accounts):
    made = script.deploy(accounts[2], FEES)
    for contract in (made.federation, made.miner, made.factory, made.proof_of_work):
        sent = web3.eth.get_transaction(contract.tx.txid)
        assert (sent["maxFeePerGas"], sent["maxPriorityFeePerGas"]) == (3 * GWEI, GWEI)
        assert sent["from"] == accounts[2].address


def test_the_estimate_is_what_it_takes(deployment, accounts):
    contracts = (deployment.federation, deployment.miner, deployment.factory, deployment.proof_of_work)
    used = sum(contract.tx.gas_used for contract in contracts)
    assert used == pytest.approx(script.estimate(accounts[0]), rel=0.001)


# quote


def fake_node(monkeypatch, **answers):
    eth = SimpleNamespace(get_block=lambda _: answers, **answers)
    monkeypatch.setattr(script, "web3", SimpleNamespace(eth=eth))


def test_fees_leave_room_for_the_base_fee_to_rise(monkeypatch):
    fake_node(monkeypatch, baseFeePerGas=10 * GWEI, max_priority_fee=GWEI)
    fees = script.quote(FeePolicy())
    assert fees["priority_fee"] == GWEI
    assert 2 * 10 * GWEI <= fees["max_fee"] <= 200 * GWEI


def test_fees_stay_below_the_caps(monkeypatch):
    fake_node(monkeypatch, baseFeePerGas=10 * GWEI, max_priority_fee=500 * GWEI)
    assert script.quote(FeePolicy(max_fee=12 * GWEI, max_tip=2 * GWEI)) == {
        "max_fee": 12 * GWEI,
        "priority_fee": 2 * GWEI,
    }
    assert script.quote(FeePolicy(max_fee=10 * GWEI, max_tip=50 * GWEI))["priority_fee"] <= 10 * GWEI


def test_a_base_fee_above_the_cap_is_refused(monkeypatch):
    fake_node(monkeypatch, baseFeePerGas=10 * GWEI + 1, max_priority_fee=0)
    with pytest.raises(ChainError, match="gas costs more than the cap allows: .* of at most 10 gwei"):
        script.quote(FeePolicy(max_fee=10 * GWEI))


def test_a_chain_without_a_base_fee_has_a_price(monkeypatch):
    """Before EIP-1559, as on private chains; capped all the same."""
    fake_node(monkeypatch, gas_price=7 * GWEI)
    fees = script.quote(FeePolicy(max_fee=100 * GWEI))
    assert fees.keys() == {"gas_price"}
    assert 7 * GWEI <= fees["gas_price"] <= 100 * GWEI
    with pytest.raises(ChainError, match="gas costs more than the cap allows"):
        script.quote(FeePolicy(max_fee=6 * GWEI))


# plan


def test_says_what_it_is_about_to_do(config, accounts):
    told = script.plan(config, accounts[0], ANVIL, FEES)
    parts = ("chain 31337", accounts[0].address, f"{script.estimate(accounts[0]):,}", str(config.deployment))
    assert all(part in told for part in (*parts, "at no more than 3 gwei"))


def test_refuses_too_small_a_balance(config):
    account = SimpleAccount(0xBA1A)
    cost = script.estimate(account) * FEES["max_fee"]
    endow(account.address, cost)
    script.plan(config, account, ANVIL, FEES)
    endow(account.address, cost - 1)
    with pytest.raises(ChainError, match=rf"cannot pay .*: {account.address} has .* ether\. Send"):
        script.plan(config, account, ANVIL, FEES)


def test_refuses_too_small_a_balance_for_a_price(config):
    account = SimpleAccount(0xBA1B)
    with pytest.raises(ChainError, match="has 0.000000 of"):
        script.plan(config, account, ANVIL, {"gas_price": GWEI})


def test_refuses_to_write_over_a_lasting_deployment(config, accounts):
    config.deployment.write_text("precious")
    with pytest.raises(
        ConfigError, match=f"there is a deployment already: {config.deployment}. Name another"
    ):
        script.plan(config, accounts[0], SEPOLIA, FEES)
    script.plan(config, accounts[0], ANVIL, FEES)
    config.deployment.unlink()
    script.plan(config, accounts[0], SEPOLIA, FEES)


# main


def test_main_deploys_and_writes(environment, tmp_path, capsys):
    script.main()
    path = tmp_path / "made" / "deployment.json"
    deployment, told = Deployment.load(path), capsys.readouterr().out
    assert f"factory     {deployment.factory}" in told and f"written     {path}" in told
    script.main()
    assert Deployment.load(path).factory != deployment.factory


def test_main_signs_with_a_keystore(environment, tmp_path, capsys):
    account = create_keystore(tmp_path / "key.json", "secret word", scrypt_n=2, key=DEPLOYER_KEY)
    (tmp_path / "word.txt").write_text("secret word\n")
    environment.setenv(KEYSTORE, str(tmp_path / "key.json"))
    environment.setenv(PASSWORD_FILE, str(tmp_path / "word.txt"))
    with pytest.raises(ChainError, match="cannot pay"):
        script.main()
    endow(account.address, 10**18)
    script.main()
    told = capsys.readouterr().out
    assert account.address in told
    assert "secret word" not in told and DEPLOYER_KEY.hex() not in told
    assert web3.eth.get_transaction_count(account.address) == 4


def test_main_refuses_published_keys_elsewhere(environment, accounts, tmp_path):
    """By name and in a keystore; nothing is sent, nothing written."""
    before = [web3.eth.get_transaction_count(account.address) for account in accounts[:2]]
    environment.setattr(script, "web3", SimpleNamespace(chain_id=SEPOLIA, eth=web3.eth))
    published = load_account("anvil:1", ANVIL).key
    create_keystore(tmp_path / "key.json", "word", scrypt_n=2, key=bytes(published))
    (tmp_path / "word.txt").write_text("word")
    environment.setenv(PASSWORD_FILE, str(tmp_path / "word.txt"))
    for account in ("anvil:0", str(tmp_path / "key.json")):
        environment.setenv(KEYSTORE, account)
        with pytest.raises(KeystoreError, match=f"chain {SEPOLIA} is no dev chain"):
            script.main()
    assert [web3.eth.get_transaction_count(account.address) for account in accounts[:2]] == before
    assert not (tmp_path / "made").exists()


class SimpleAccount:
    """What `plan` asks of an account, for one that brownie need not remember."""

    def __init__(self, number):
        self.address = address(number)

    def balance(self):
        return web3.eth.get_balance(self.address)

    def estimate_gas(self, amount, data):
        return web3.eth.estimate_gas({"from": self.address, "data": data, "value": amount or 0})
