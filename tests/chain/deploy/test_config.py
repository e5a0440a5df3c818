"""What the scripts take from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.config import DEPLOYMENT, KEYSTORE, MAX_FEE, PASSWORD_FILE, ScriptConfig

from minerva.chain.fees import GWEI, FeePolicy
from minerva.errors import ConfigError

ANVIL, SEPOLIA = 31337, 11155111
NAMED = {KEYSTORE: "key.json"}


def test_anvil_needs_nothing():
    config = ScriptConfig.read({}, ANVIL)
    assert config == ScriptConfig("anvil:0", None, Path("deployments/31337.json"), FeePolicy())


def test_reads_every_variable():
    given = {KEYSTORE: "key.json", PASSWORD_FILE: "word.txt", DEPLOYMENT: "out/there.json", MAX_FEE: "2.5"}
    config = ScriptConfig.read(given, SEPOLIA)
    assert (config.account, config.password_file) == ("key.json", Path("word.txt"))
    assert config.deployment == Path("out/there.json")
    assert config.fees == FeePolicy(max_fee=2_500_000_000)


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
    with pytest.raises(ConfigError, match=f"{MAX_FEE} is no number above 0: {cap}"):
        ScriptConfig.read(NAMED | {MAX_FEE: cap}, SEPOLIA)


@pytest.mark.parametrize("cap, wei", [("1", GWEI), ("0.000000001", 1), ("1e3", 10**12), (" 3 ", 3 * GWEI)])
def test_a_cap_is_in_gwei(cap, wei):
    assert ScriptConfig.read(NAMED | {MAX_FEE: cap}, SEPOLIA).fees.max_fee == wei
