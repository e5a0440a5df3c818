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
def federation(monkeypatch, tmp_path, site, deployed, capsys):
    """One of two rounds of a tenth of an ether each."""
    path = write_json(tmp_path / "d.json", describe(31337, deployed, site.artefacts, {}))
    for name in (KEYSTORE, MAX_FEE, MAX_TIP, ACCOUNTS, "MINERVA_CONFIG", "MINERVA_TASK", "MINERVA_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(DEPLOYMENT, str(path))
    monkeypatch.setenv("MINERVA_STORE", f"local:{tmp_path / 'store'}")
    monkeypatch.setenv("MINERVA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MINERVA_CREATE_ROUNDS", "2")
    monkeypatch.setenv("MINERVA_CREATE_REWARD_PER_ROUND", "0.1ether")
    create_federation.main()
    found = capsys.readouterr().out.split()[0]
    monkeypatch.setenv("MINERVA_FEDERATION", found)
    return found


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
