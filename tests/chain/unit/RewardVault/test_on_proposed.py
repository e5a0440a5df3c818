"""`onProposed`: given a candidate, when the federation tells of it, its table stays within the budget."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.rewards import BUDGET, Escrow
from support.scene import names

HASH = "0x" + "ab" * 32


@pytest.mark.parametrize("total", [0, BUDGET])
def test_credits_the_proposer(funded, owners, total):
    """Y3 and Y6: proposing counts as attesting."""
    transaction = funded.tell("onProposed", owners[0], 1, HASH, total)
    assert names(transaction) == ["AttestationCredited"]
    told = {"account": owners[0].address, "round": 1, "candidate": HASH}
    assert transaction.events["AttestationCredited"] == told
    assert funded.vault.granted() == 0


@pytest.mark.parametrize("total", [BUDGET + 1, 2**128 - 1])
def test_reverts_when_over_budget(funded, owners, total):
    """Y3."""
    with reverts("RewardVaultOverBudget", BUDGET, total):
        funded.tell("onProposed", owners[0], 1, HASH, total)


def test_rounds_each_pool_down(world, owners):
    """Y3: of 9 a round, 4 + 0 + 1 for the table, where together they would be 7."""
    escrow = Escrow.create(world, per_round=9)
    assert escrow.vault.budget() == 5
    with reverts("RewardVaultOverBudget", 5, 6):
        escrow.tell("onProposed", owners[0], 1, HASH, 6)
    escrow.tell("onProposed", owners[0], 1, HASH, 5)


def test_the_last_candidate_of_a_round_is_the_one_that_grants(funded, owners):
    """P5: a dropped one leaves nothing."""
    dropped = funded.candidate(1, {owners[0]: 7_000})
    funded.tell("onProposed", owners[0], 1, dropped.hash, 7_000)
    funded.block(1, {owners[1]: 3})
    assert funded.vault.granted() == 3


def test_reverts_for_anyone_but_the_federation(funded, owners, requester):
    for caller in (owners[0], requester):
        with reverts("RewardVaultOnlyFederation", caller):
            funded.vault.onProposed(owners[0], 1, HASH, 1, {"from": caller})
