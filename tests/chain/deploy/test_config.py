"""What the scripts take from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from scripts.config import (
    ACCOUNTS,
    DEPLOYMENT,
    ETHER,
    KEYSTORE,
    MAX_FEE,
    MAX_TIP,
    PASSWORD_FILE,
    FundConfig,
    ScriptConfig,
)

from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ConfigError, UserError
from minerva.keys import anvil_address, create_keystore

ANVIL, SEPOLIA, AMOY = 31337, 11155111, 80002
NAMED = {KEYSTORE: "key.json"}


def test_anvil_needs_nothing():
    config = ScriptConfig.read({}, ANVIL)
    assert config == ScriptConfig("anvil:0", None, Path("deployments/31337.json"), FeePolicy())


def test_reads_every_variable():
    given = {KEYSTORE: "key.json", PASSWORD_FILE: "word.txt", DEPLOYMENT: "out/there.json", MAX_FEE: "2.5"}
    given |= {MAX_TIP: "0.5"}
    config = ScriptConfig.read(given, SEPOLIA)
    assert (config.account, config.password_file) == ("key.json", Path("word.txt"))
    assert config.deployment == Path("out/there.json")
    assert config.fees == FeePolicy(max_fee=2_500_000_000, max_tip=500_000_000)


def test_empty_variables_are_none():
    given = NAMED | {PASSWORD_FILE: "", DEPLOYMENT: "", MAX_FEE: ""}
    assert ScriptConfig.read(given, SEPOLIA) == ScriptConfig.read(NAMED, SEPOLIA)
    assert ScriptConfig.read({KEYSTORE: ""}, ANVIL).account == "anvil:0"


def test_the_file_is_named_after_the_chain():
    assert ScriptConfig.read(NAMED, SEPOLIA).deployment == Path("deployments/11155111.json")


@pytest.mark.parametrize("environment", [{}, {KEYSTORE: ""}])
def test_an_account_is_needed_elsewhere(environment):
    with pytest.raises(
        ConfigError, match=f"no account is named for chain {SEPOLIA}. Set {KEYSTORE} to a keystore"
    ):
        ScriptConfig.read(environment, SEPOLIA)


@pytest.mark.parametrize(
    "cap", ["0", "-1", "nan", "inf", "-inf", "1e999", "1e300", "1e-10", "1 gwei", "0x10"]
)
def test_a_cap_is_a_number_above_zero(cap):
    for name in (MAX_FEE, MAX_TIP):
        with pytest.raises(ConfigError, match=f"{name} is no number above 0: {cap}"):
            ScriptConfig.read(NAMED | {name: cap}, SEPOLIA)


@pytest.mark.parametrize("cap, wei", [("1", GWEI), ("0.000000001", 1), ("1e3", 10**12), (" 3 ", 3 * GWEI)])
def test_a_cap_is_in_gwei(cap, wei):
    assert ScriptConfig.read(NAMED | {MAX_FEE: cap}, SEPOLIA).fees.max_fee == wei


def test_polygons_nodes_want_a_higher_tip():
    assert ScriptConfig.read(NAMED, AMOY).fees.max_tip >= 25 * GWEI
    assert ScriptConfig.read(NAMED | {MAX_TIP: "1"}, AMOY).fees.max_tip == GWEI


def test_whom_to_fund_is_an_address_or_a_keystore(tmp_path):
    made = create_keystore(tmp_path / "device.json", "word", scrypt_n=2)
    given = {ACCOUNTS: f"0x{'ab' * 20}, {tmp_path / 'device.json'}\n anvil:0,0x{'AB' * 20}", ETHER: "0.25"}
    config = FundConfig.read(given)
    assert config.accounts == (to_checksum_address("0x" + "ab" * 20), made.address, anvil_address(0))
    assert config.wei == 10**18 // 4


@pytest.mark.parametrize(
    "given, told",
    [
        ({}, f"no account is named. Set {ACCOUNTS} to addresses"),
        ({ACCOUNTS: " , "}, "no account is named"),
        ({ACCOUNTS: "0x" + "ab" * 20, ETHER: "0"}, f"{ETHER} is no number above 0: 0"),
        ({ACCOUNTS: "0x12"}, "there is no keystore: 0x12"),
    ],
)
def test_funding_names_what_is_wrong(given, told):
    with pytest.raises(UserError, match=told):
        FundConfig.read(given)
