"""`initialize`: given terms within bounds (S1), when the factory sets a clone up, it keeps them, once."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from support.errors import reverts
from support.stake import LONGEST_ROUND, TERMS, clone

from minerva.errors import ContractReverted
from minerva.protocol.machine.stake_terms import check_terms


@pytest.fixture
def initialize(implementation, stranger):
    """Set a new clone up."""

    def call(longest=LONGEST_ROUND, **changes):
        vault = clone(implementation)
        vault.initialize(stranger, astuple(replace(TERMS, **changes)), longest, {"from": stranger})
        return vault

    return call


def test_keeps_what_it_is_given(ether, token):
    for stakes in (ether, token):
        assert stakes.vault.federation() == stakes.federation.address
        assert stakes.vault.terms() == astuple(stakes.terms)
        assert stakes.vault.lanes() == (0, 0, 0, 0)
        assert stakes.vault.slashed() == 0


def test_unbonding_outlasts_evidence_and_the_longest_round(initialize):
    """S5."""
    assert initialize(evidence_seconds=3600, longest=500).unbondingSeconds() == 4100
    assert initialize(evidence_seconds=90 * 86_400, longest=2**39).unbondingSeconds() == 90 * 86_400 + 2**39


@pytest.mark.parametrize(
    "changes",
    [
        {"minimum": 0, "unit": 1},
        {"minimum": 65_535, "unit": 1},
        {"minimum": 2**128 - 1, "unit": 2**128 - 1},
        {"minimum": 65_536 * 10**18 - 1, "unit": 10**18},
        {"evidence_seconds": 1},
        {"evidence_seconds": 90 * 86_400},
        {"rejected_bps": 0, "equivocation_bps": 0, "absence_bps": 0, "absences": 0, "reporter_bps": 0},
        {"rejected_bps": 5_000, "equivocation_bps": 10_000, "absence_bps": 1_000, "absences": 100},
        {"reporter_bps": 5_000},
    ],
)
def test_takes_terms_at_the_bounds(initialize, changes):
    """S1, here and in the client's specification."""
    check_terms(replace(TERMS, **changes), token_has_code=True)
    assert initialize(**changes).terms() == astuple(replace(TERMS, **changes))


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"token": "0x00000000000000000000000000000000000000A1"}, 0, 0xA1),
        ({"unit": 0}, 2, 0),
        ({"minimum": 65_536, "unit": 1}, 2, 65_536),
        ({"minimum": 2**128 - 1, "unit": 1}, 2, 2**128 - 1),
        ({"evidence_seconds": 0}, 3, 0),
        ({"evidence_seconds": 90 * 86_400 + 1}, 3, 90 * 86_400 + 1),
        ({"rejected_bps": 5_001}, 4, 5_001),
        ({"equivocation_bps": 10_001}, 5, 10_001),
        ({"absence_bps": 1_001}, 6, 1_001),
        ({"absences": 101}, 7, 101),
        ({"reporter_bps": 5_001}, 8, 5_001),
        ({"reporter_bps": 5_001, "rejected_bps": 5_002}, 4, 5_002),
    ],
)
def test_reverts_when_a_term_is_out_of_bounds(initialize, changes, field, value):
    """S1: the first one, here and in the client's specification."""
    with reverts("StakeVaultInvalidTerms", field, value):
        initialize(**changes)
    with pytest.raises(ContractReverted) as refused:
        check_terms(replace(TERMS, **changes), token_has_code=False)
    assert (refused.value.name, refused.value.arguments) == ("StakeVaultInvalidTerms", (field, value))


def test_reverts_the_second_time(ether, stranger):
    with reverts("InvalidInitialization"):
        ether.vault.initialize(stranger, astuple(TERMS), 1, {"from": stranger})


def test_reverts_on_the_implementation(implementation, stranger):
    with reverts("InvalidInitialization"):
        implementation.initialize(stranger, astuple(TERMS), 1, {"from": stranger})


def test_names_the_clone_as_its_domain(ether, token):
    """S7: what is signed for one vault is worth nothing to another."""
    for stakes in (ether, token):
        _, name, version, chain_id, contract, *_ = stakes.vault.eip712Domain()
        assert (name, version, chain_id, contract) == ("Minerva", "1", 31337, stakes.vault.address)
