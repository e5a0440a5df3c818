"""Calling back: whatever is not what was built is named, with where it lies."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripts.contracts import TABLE, Part, Role
from scripts.verify import verify

from minerva.errors import ChainError

NOWHERE = "0x" + "49" * 20
FACTORY = next(part for part in TABLE if part.role is Role.FACTORY)


def check(site, deployed, **changes):
    made = deployed | {name: replace(deployed[name], **change) for name, change in changes.items()}
    verify(site.rpc, made, site.artefacts)


def test_what_was_deployed_is_what_was_built(site, deployed):
    check(site, deployed)


@pytest.mark.parametrize("part", TABLE, ids=lambda part: part.name)
def test_an_address_without_code_is_named(site, deployed, part):
    with pytest.raises(ChainError, match=f"the code of {part.contract} is not the build's: {NOWHERE}"):
        check(site, deployed, **{part.name: {"address": NOWHERE}})


def test_another_contracts_code_is_named(site, deployed):
    with pytest.raises(ChainError, match="the code of Miner is not the build's"):
        check(site, deployed, miner={"address": deployed["federation"].address})


@pytest.mark.parametrize("name", FACTORY.arguments)
def test_the_factorys_implementations_are_asked_for(site, deployed, name):
    arguments = [NOWHERE if one == name else deployed[one].address for one in FACTORY.arguments]
    with pytest.raises(
        ChainError, match=rf"FederationFactory\.{name}Implementation\(\) is not .*, not {NOWHERE}"
    ):
        check(site, deployed, factory={"arguments": tuple(arguments)})


def test_the_version_is_asked_for(site, deployed, monkeypatch):
    monkeypatch.setattr("scripts.verify.PROTOCOL_VERSION", "7")
    with pytest.raises(ChainError, match=r"FederationFactory\.version\(\) is not '7': '1' at 0x"):
        check(site, deployed)


@pytest.mark.parametrize("role", [Role.CONSENSUS, Role.POLICY])
def test_a_modules_name_is_asked_for(site, deployed, role):
    table = (Part("pos", "ProofOfWork", role),)
    with pytest.raises(ChainError, match=r"ProofOfWork\.name\(\) is not 'pos': 'pow' at 0x"):
        verify(site.rpc, {"pos": deployed["pow"]}, site.artefacts, table)


def test_a_module_without_a_name_is_named(site, deployed):
    table = (Part("pow", "Miner", Role.CONSENSUS),)
    with pytest.raises(ChainError, match=r"Miner\.name\(\) is not 'pow': None"):
        verify(site.rpc, {"pow": deployed["miner"]}, site.artefacts, table)
