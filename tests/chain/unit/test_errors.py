"""docs/errors.md has every error that the contracts declare, and no other, each with its arguments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "errors.md"
ROW = re.compile(r"^\| `(\w+\([\w, ]*\))` \| (.+) \| (.+) \|$")
CONTRACTS = (
    "FederationFactory", "Federation", "Miner", "ProofOfWork", "ProofOfStake",
    "ProofOfReputation", "CommitteeConsensus", "StakeVault", "RewardVault", "AllowListPolicy", "StakePolicy",
    "AllowListAndStakePolicy",
)  # fmt: skip
PREFIXES = {
    "FederationFactory": "Factory",
    "Federation": "Federation",
    "Miner": "Miner",
    "Consensus modules": "Consensus",
    "StakeVault": "StakeVault",
    "RewardVault": "RewardVault",
    "Membership policies": "Policy",
}
"""How the errors of each section begin; one that begins otherwise is OpenZeppelin's."""


@pytest.fixture(scope="module")
def sections():
    """Signature, cause and cure of each row, by the section's title."""
    found, title = {}, ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
            found[title] = []
        elif line.startswith("|") and not line.startswith(("| Error | Cause | Cure |", "|---|")):
            match = ROW.match(line)
            assert match, f"not a row of the table: {line}"
            found[title].append(match.groups())
    return found


@pytest.fixture(scope="module")
def declared(request):
    """Signatures in the contracts' ABIs, which name the libraries' and the base contracts' as well."""
    abis = [request.getfixturevalue(name).abi for name in CONTRACTS]
    abis.append(request.getfixturevalue("FederationExtension").abi)
    errors = [entry for abi in abis for entry in abi if entry["type"] == "error"]
    return {f"{e['name']}({', '.join(i['name'] for i in e['inputs'])})" for e in errors}


def listed(sections, title):
    return [signature for signature, *_ in sections[title]]


def test_every_section_has_the_errors_of_its_contract(sections, declared):
    rest = set(declared)
    for title, prefix in PREFIXES.items():
        own = {signature for signature in declared if signature.startswith(prefix)}
        assert set(listed(sections, title)) == own
        rest -= own
    assert set(listed(sections, "OpenZeppelin")) == rest


def test_the_clients_own_names_are_no_contracts(sections, declared):
    assert set(listed(sections, "No contract's own")).isdisjoint(declared)


def test_no_error_is_listed_twice(sections):
    names = [signature.partition("(")[0] for title in sections for signature in listed(sections, title)]
    assert len(names) == len(set(names))


def test_every_cause_and_cure_makes_a_sentence(sections):
    """A command prints `cause: error. Cure.`"""
    for rows in sections.values():
        for signature, cause, cure in rows:
            assert not cause.endswith("."), signature
            assert cause[0].islower(), signature
            assert cure.endswith(".") and cure[0].isupper(), signature


def test_commands_find_every_row(sections):
    from minerva.cli.refusals import parse

    table = parse(PAGE.read_text(encoding="utf-8"))
    assert [f"{name}({', '.join(row.parameters)})" for name, row in table.items()] == [
        signature for title in sections for signature in listed(sections, title)
    ]
