"""Creating a federation from a file and variables: the very one that `minerva federation create` would make."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from scripts import create_federation as script
from scripts.config import DEPLOYMENT, KEYSTORE, MAX_FEE, MAX_TIP, PASSWORD_FILE
from scripts.export import describe
from scripts.files import write_json

from minerva.chain.web3 import Web3Chain
from minerva.config import CreateSection, keys_of
from minerva.errors import ConfigError

SEPOLIA = 11155111
TEXTS = {
    "title", "aggregation", "allow_list", "reward_token", "reward_per_round", "stake_token", "stake_minimum", "stake_unit",
}  # fmt: skip
NOWHERE = "0x" + "4907" * 10


def read(environment, chain_id=31337):
    return script.settings(environment, "http://node", chain_id)


def test_nothing_given_is_the_defaults_on_anvil():
    settings = read({})
    assert settings.create == CreateSection()
    assert (settings.key.account, settings.chain.rpc) == ("anvil:0", "http://node")
    assert settings.chain.deployment == "deployments/31337.json"


def test_variables_say_everything(tmp_path):
    settings = read(
        {
            KEYSTORE: "key.json", PASSWORD_FILE: "word", DEPLOYMENT: "d.json", MAX_FEE: "7.5", MAX_TIP: "30",
            "MINERVA_STORE": "local:x", "MINERVA_STATE": "s", "MINERVA_CREATE_ROUNDS": "4",
            "MINERVA_CREATE_TITLE": "A title", "MINERVA_CREATE_MIN_MINERS": "",
        },
        SEPOLIA,
    )  # fmt: skip
    assert (settings.key.account, settings.key.password_file) == ("key.json", "word")
    assert (settings.chain.deployment, settings.store.url, settings.state) == ("d.json", "local:x", "s")
    assert (settings.chain.max_fee_gwei, settings.chain.max_tip_gwei) == (7.5, 30.0)
    assert settings.create == CreateSection(rounds=4, title="A title")


def test_variables_go_before_the_file(tmp_path):
    file = tmp_path / "federation.toml"
    file.write_text(
        '[create]\nrounds = 3\nmin_miners = 2\n[key]\naccount = "own.json"\n[chain]\ndeployment = "own-d.json"\n'
    )
    settings = read({"MINERVA_CONFIG": str(file), "MINERVA_CREATE_ROUNDS": "9"}, SEPOLIA)
    assert (settings.create.rounds, settings.create.min_miners) == (9, 2)
    assert (settings.key.account, settings.chain.deployment) == ("own.json", "own-d.json")


def test_the_deployment_is_the_chains(tmp_path):
    settings = read({KEYSTORE: "key.json"}, SEPOLIA)
    assert settings.chain.deployment == "deployments/11155111.json"


@pytest.mark.parametrize("name", sorted(set(keys_of(CreateSection)) - TEXTS))
def test_every_parameter_of_a_federation_has_a_variable(name):
    with pytest.raises(
        ConfigError, match=rf"'create\.{re.escape(name)}' has a value that cannot be used: 'x'"
    ):
        read({f"MINERVA_CREATE_{name.replace('.', '_').upper()}": "x"})


def test_an_account_is_needed_elsewhere():
    with pytest.raises(ConfigError, match=f"no account is named for chain {SEPOLIA}"):
        read({}, SEPOLIA)


@pytest.mark.parametrize(
    "given, told",
    [
        ({"MINERVA_CONFIG": "nowhere.toml"}, "the configuration file cannot be read: nowhere.toml"),
        ({"MINERVA_CREATE_ROUNDS": "many"}, "'create.rounds' has a value that cannot be used: 'many'"),
        ({MAX_FEE: "0"}, "'chain.max_fee_gwei' has a value that cannot be used"),
    ],
)
def test_what_is_wrong_is_named(given, told):
    with pytest.raises(ConfigError, match=told):
        read(given)


@pytest.fixture
def environment(monkeypatch, tmp_path, site, deployed):
    path = write_json(tmp_path / "d.json", describe(31337, deployed, site.artefacts, {}))
    for name in (KEYSTORE, MAX_FEE, MAX_TIP, "MINERVA_CONFIG", "MINERVA_TASK", "MINERVA_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(path))
    monkeypatch.setenv("MINERVA_STORE", f"local:{tmp_path / 'store'}")
    monkeypatch.setenv("MINERVA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MINERVA_CREATE_ROUNDS", "7")
    return monkeypatch


def test_main_creates_it(environment, site, tmp_path, capsys):
    script.main()
    federation = capsys.readouterr().out.split()[0]
    chain = Web3Chain.connect(site.rpc.url, tmp_path / "d.json")
    assert federation in chain.federations() and chain.config(federation).rounds == 7
    chain.close()


@pytest.mark.parametrize(
    "name", ["rounds", "training_seconds", "verification_seconds", "mining_seconds", "attestation_seconds"]
)
def test_a_bound_that_the_contract_has_is_one_line(environment, site, capsys, name):
    environment.setenv(f"MINERVA_CREATE_{name.upper()}", "0")
    before = site.rpc.call("eth_blockNumber")
    with pytest.raises(SystemExit) as ended:
        script.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"minerva: create.{name} is out of bounds: 0.") and ended.value.code == 2
    assert site.rpc.call("eth_blockNumber") == before


def test_a_module_without_code_is_one_line(environment, site, deployed, tmp_path, capsys):
    """As in a file of a chain that was started afresh since; nothing is spent."""
    environment.setenv("MINERVA_CREATE_CONSENSUS", "pos")
    lost = deployed | {"pos": replace(deployed["pos"], address=NOWHERE)}
    write_json(tmp_path / "d.json", describe(31337, lost, site.artefacts, {}))
    before = site.rpc.call("eth_blockNumber")
    with pytest.raises(SystemExit) as ended:
        script.main()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"minerva: there is no contract at the address: {NOWHERE}.")
    assert ended.value.code == 2 and site.rpc.call("eth_blockNumber") == before
