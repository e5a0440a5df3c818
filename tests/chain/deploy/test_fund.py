"""Funding: each has what was named, and nobody gets it twice."""

from __future__ import annotations

import threading

import pytest
from scripts import fund as script
from scripts.config import FundConfig
from scripts.sending import Wanted
from support.bulk import address

from minerva.errors import InsufficientFunds, TransactionLost

ETHER = 10**18


def balance(site, account):
    return int(site.rpc.call("eth_getBalance", account, "latest"), 16)


@pytest.fixture(autouse=True)
def told(capsys):
    return capsys


def test_each_is_topped_up(site):
    poor, rich, half = address(0xF001), address(0xF002), address(0xF003)
    site.endow(rich, 2 * ETHER)
    site.endow(half, ETHER // 4)
    gifts = script.fund(site.sender(), FundConfig((poor, rich, half), ETHER // 2))
    assert gifts == {poor: ETHER // 2, half: ETHER // 4}
    assert [balance(site, a) for a in (poor, rich, half)] == [ETHER // 2, 2 * ETHER, ETHER // 2]


def test_again_gives_nothing(site, told):
    sender, config = site.sender(), FundConfig((address(0xF004),), ETHER)
    script.fund(sender, config)
    nonce = sender.nonce()
    assert script.fund(sender, config) == {} and sender.nonce() == nonce
    assert "enough      1.000000 ether has" in told.readouterr().out


def test_the_giver_gives_itself_nothing(site):
    account = site.payer(ETHER)
    assert script.fund(site.sender(account), FundConfig((account.address,), 2 * ETHER)) == {}


def test_nobody_is_given_anything_when_it_is_not_enough_for_all(site):
    account, whom = site.payer(3 * ETHER), (address(0xF005), address(0xF006))
    sender = site.sender(account)
    with pytest.raises(InsufficientFunds, match=rf"{account.address} has 3.000000 ether of 4\.0\d+ ether"):
        script.fund(sender, FundConfig(whom, 2 * ETHER))
    assert [balance(site, a) for a in whom] == [0, 0] and sender.nonce() == 0


@pytest.fixture
def queue(site):
    site.rpc.call("evm_setAutomine", False)
    yield
    site.rpc.call("evm_setAutomine", True)
    site.rpc.call("evm_mine")


def test_a_gift_in_the_queue_is_waited_for(site, queue):
    """As after a run that was killed: what it sent may be all that is wanted."""
    account, whom = site.payer(), address(0xF007)
    before = site.sender(account)
    before._post(before._sign(Wanted(0, whom, value=ETHER), None)[0])
    with pytest.raises(TransactionLost, match="1 earlier transactions are not mined"):
        script.fund(site.sender(account, patience=0.2), FundConfig((whom,), ETHER))
    timer = threading.Timer(0.8, lambda: site.rpc.call("evm_mine"))
    timer.start()
    assert script.fund(before, FundConfig((whom,), ETHER)) == {}
    timer.join()
    assert balance(site, whom) == ETHER


def test_main_funds_whom_the_environment_names(site, monkeypatch, told):
    for name in ("MINERVA_KEYSTORE", "MINERVA_MAX_FEE_GWEI", "MINERVA_MAX_TIP_GWEI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MINERVA_FUND_ACCOUNTS", address(0xF008))
    monkeypatch.setenv("MINERVA_FUND_ETHER", "0.125")
    script.main()
    assert balance(site, address(0xF008)) == ETHER // 8
    assert "given       0.125000 ether to" in told.readouterr().out
