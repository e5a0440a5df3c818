"""`initialize`: given terms within bounds, when the factory sets the clone up, it keeps them; once."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.errors import reverts
from support.rewards import DAY, MAX_MINERS, ROUNDS, TERMS, Escrow

LARGEST = (2**128 - 1) // ROUNDS


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"per_round": 1},
        {"per_round": LARGEST},
        {"claim_seconds": DAY},
        {"claim_seconds": 730 * DAY},
        {"data_bps": 10_000, "proposer_bps": 0, "ballot_bps": 0, "attester_bps": 0},
    ],
)
def test_keeps_the_terms(world, changes):
    """Y1: the bounds included."""
    escrow = Escrow.create(world, **changes)
    assert escrow.vault.terms() == astuple(escrow.terms)
    assert escrow.vault.federation() == escrow.federation
    assert escrow.vault.required() == ROUNDS * escrow.terms.per_round


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"token": "0x" + "0" * 38 + "77"}, 0, 0x77),
        ({"per_round": 0}, 1, 0),
        ({"per_round": LARGEST + 1}, 1, LARGEST + 1),
        ({"data_bps": 4_999}, 2, 9_999),
        ({"attester_bps": 2_001}, 2, 10_001),
        ({"data_bps": 65_535, "attester_bps": 65_535}, 2, 134_070),
        ({"claim_seconds": DAY - 1}, 6, DAY - 1),
        ({"claim_seconds": 730 * DAY + 1}, 6, 730 * DAY + 1),
        ({"per_round": 0, "data_bps": 0, "claim_seconds": 0}, 1, 0),
    ],
)
def test_reverts_when_a_term_is_out_of_bounds(world, escrow, changes, field, value):
    """Y1: the first one; a sum that two bytes cannot hold is no way around."""
    given = [changes.get(name, getattr(TERMS, name)) for name in TERMS.__slots__]
    data = escrow.vault.initialize.encode_input(escrow.federation, given, ROUNDS, MAX_MINERS)
    with reverts("RewardVaultInvalidTerms", field, value):
        world.clones.make(world.implementation, data, {"from": world.deployer})


def test_reverts_when_done_already(world, escrow, stranger):
    """Nor can the implementation be set up."""
    for vault in (escrow.vault, world.implementation):
        with reverts("InvalidInitialization"):
            vault.initialize(stranger, astuple(TERMS), ROUNDS, MAX_MINERS, {"from": stranger})
