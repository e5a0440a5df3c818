"""Paying into an escrow by the script: what it lacks, or a part of that, and a clear line for what cannot be."""

from __future__ import annotations

import pytest
from scripts import create_federation, fund
from scripts.config import ACCOUNTS, DEPLOYMENT, KEYSTORE, MAX_FEE, MAX_TIP
from scripts.export import describe
from scripts.files import write_json
from support.bulk import address

from minerva.chain.web3 import Web3Chain

ETHER = 10**18


@pytest.fixture
def create(monkeypatch, tmp_path, site, deployed, capsys):
    """Create a federation of two rounds that pays this much a round."""
    path = write_json(tmp_path / "d.json", describe(31337, deployed, site.artefacts, {}))
    for name in (KEYSTORE, MAX_FEE, MAX_TIP, ACCOUNTS, "MINERVA_CONFIG", "MINERVA_TASK", "MINERVA_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(path))
    monkeypatch.setenv("MINERVA_STORE", f"local:{tmp_path / 'store'}")
    monkeypatch.setenv("MINERVA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MINERVA_CREATE_ROUNDS", "2")

    def create(per_round, token=""):
        monkeypatch.setenv("MINERVA_CREATE_REWARD_PER_ROUND", per_round)
        monkeypatch.setenv("MINERVA_CREATE_REWARD_TOKEN", token)
        capsys.readouterr()
        create_federation.main()
        found = capsys.readouterr().out.split()[0]
        monkeypatch.setenv("MINERVA_FEDERATION", found)
        return found

    return create


@pytest.fixture
def federation(create):
    """One that pays a tenth of an ether a round."""
    return create("0.1ether")


@pytest.fixture
def token(MockToken, accounts):
    """One of which the account that pays has enough."""
    made = MockToken.deploy({"from": accounts[0]})
    made.mint(accounts[0], 500, {"from": accounts[0]})
    return made


def escrow(site, tmp_path, federation):
    chain = Web3Chain.connect(site.rpc.url, tmp_path / "d.json")
    try:
        return chain.escrow(federation)
    finally:
        chain.close()


def test_a_part_then_the_rest_then_nothing(federation, site, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MINERVA_FUND_AMOUNT", "0.05ether")
    fund.main()
    assert capsys.readouterr().out.startswith("0.05 ether of 0.2 ether paid in, 0.05 ether there now, in 0x")
    monkeypatch.delenv("MINERVA_FUND_AMOUNT")
    fund.main()
    fund.main()
    found = escrow(site, tmp_path, federation)
    assert found.funded == found.held == found.required == ETHER // 5


def test_more_than_it_lacks_is_one_line(federation, monkeypatch, capsys):
    monkeypatch.setenv("MINERVA_FUND_AMOUNT", "0.3ether")
    with pytest.raises(SystemExit):
        fund.main()
    assert capsys.readouterr().err.startswith(
        "minerva: the escrow does not lack that much: 0.3 ether, it lacks 0.2"
    )


def test_no_federation_is_one_line(federation, monkeypatch, capsys):
    monkeypatch.setenv("MINERVA_FEDERATION", address(0xFED))
    with pytest.raises(SystemExit):
        fund.main()
    assert "there is no federation at the address" in capsys.readouterr().err


def test_a_token_is_approved_and_paid_in(create, token, site, tmp_path, accounts):
    federation = create("100", token.address)
    fund.main()
    found = escrow(site, tmp_path, federation)
    assert found.funded == found.held == token.balanceOf(found.vault) == 200
    assert token.balanceOf(accounts[0]) == 300 and token.allowance(accounts[0], found.vault) == 0


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("setFee", 100),
            "another sum arrived than the one named: ether and sum differ, ether came beside tokens, or",
        ),
        (
            ("setRefuses", True),
            "the token did not move, and said nothing more: SafeERC20FailedOperation(token 0x",
        ),
    ],
    ids=["fee on transfer", "false returned"],
)
def test_a_token_that_misbehaves_is_one_line_and_keeps_its_money(
    create, token, accounts, capsys, change, line
):
    """Y2."""
    create("100", token.address)
    getattr(token, change[0])(change[1], {"from": accounts[0]})
    capsys.readouterr()
    with pytest.raises(SystemExit):
        fund.main()
    assert capsys.readouterr().err.startswith(f"minerva: {line}")
    assert token.balanceOf(accounts[0]) == 500


def test_a_token_that_is_none_is_one_line(create, capsys):
    with pytest.raises(SystemExit):
        create("100", address(0x99))
    assert capsys.readouterr().err.startswith("minerva: a term of the rewards is out of bounds")
