"""The table, and the builds of its contracts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripts.contracts import TABLE, Artefact, Part, Role, load_all

import brownie
from minerva.chain.codec import CONTRACTS
from minerva.errors import ConfigError


def test_every_argument_is_deployed_earlier():
    for number, part in enumerate(TABLE):
        assert set(part.arguments) <= {earlier.name for earlier in TABLE[:number]}


def test_no_name_and_no_contract_comes_twice():
    assert len({part.name for part in TABLE}) == len({part.contract for part in TABLE}) == len(TABLE)


def test_the_client_finds_all_that_it_uses():
    assert set(CONTRACTS) <= {part.contract for part in TABLE}
    assert [part.role for part in TABLE].count(Role.FACTORY) == 1


@pytest.mark.parametrize("part", TABLE, ids=lambda part: part.name)
def test_the_creating_code_is_brownies(site, part):
    arguments = ["0x" + f"{n + 1:040x}" for n, _ in enumerate(part.arguments)]
    expected = getattr(brownie, part.contract).deploy.encode_input(*arguments)
    assert site.artefacts[part.contract].init_code(arguments).hex() == expected.removeprefix("0x")


def test_a_line_with_too_few_arguments_is_named(site):
    with pytest.raises(
        ConfigError, match="FederationFactory's constructor takes 4 arguments, the table has 1"
    ):
        site.artefacts["FederationFactory"].init_code(["0x" + "11" * 20])


def test_code_matches_whatever_its_immutables_are(site, deployed, web3):
    factory = site.artefacts["FederationFactory"]
    code = bytes(web3.eth.get_code(deployed["factory"].address))
    assert bytes.fromhex(deployed["federation"].address[2:]) in code
    assert code != factory.runtime and factory.matches(code)


@pytest.mark.parametrize("part", TABLE, ids=lambda part: part.name)
def test_other_code_does_not_match(site, deployed, web3, part):
    """One bit anywhere outside the immutables, a byte more or less, or none at all."""
    artefact, code = site.artefacts[part.contract], bytes(web3.eth.get_code(deployed[part.name].address))
    assert artefact.matches(code)
    for at in (0, len(code) // 3, len(code) - 1):
        if code[at] == artefact.runtime[at]:
            assert not artefact.matches(code[:at] + bytes([code[at] ^ 1]) + code[at + 1 :])
    assert not any(artefact.matches(other) for other in (b"", code[:-1], code + b"\0"))


def test_a_word_of_zeros_in_the_code_is_no_immutable_unless_pushed():
    """Zeros that are not the operand of PUSH32 count: here they follow a STOP."""
    built = Artefact("X", [], b"", b"\x00" * 40, "x.sol")
    assert built.matches(b"\x00" * 40)
    assert not built.matches(b"\x00" * 8 + b"\x11" * 32)
    pushed = replace(built, runtime=b"\x7f" + b"\x00" * 32 + b"\x50")
    assert pushed.matches(b"\x7f" + b"\x11" * 32 + b"\x50")


@pytest.mark.parametrize("text", [None, "", "{}", '{"bytecode": "__$lib$__", "deployedBytecode": "60"}'])
def test_a_build_that_is_no_use_is_named(tmp_path, text):
    if text is not None:
        (tmp_path / "Miner.json").write_text(text)
    with pytest.raises(ConfigError, match=r"no usable build of the contract: .*Miner\.json"):
        Artefact.load("Miner", tmp_path)


def test_a_line_more_is_a_contract_more():
    assert set(load_all((*TABLE, Part("mock", "MockConsensus", Role.CONSENSUS)))) == {
        *(part.contract for part in TABLE),
        "MockConsensus",
    }


def test_variables_are_named_after_the_contracts():
    variables = {part.contract: part.variable for part in TABLE}
    assert variables["FederationFactory"] == "MINERVA_FACTORY"
    assert variables["ProofOfWork"] == "MINERVA_PROOF_OF_WORK"
    assert Part("x", "AllowListAndStakePolicy", Role.POLICY).variable == "MINERVA_ALLOW_LIST_AND_STAKE_POLICY"
