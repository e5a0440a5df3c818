"""What the calls cost, in a tree of a thousand accounts."""

from __future__ import annotations

import pytest
from support.bulk import address
from support.rewards import Escrow

MOST = {"claim": 90_000, "fund": 60_000}


@pytest.fixture
def crowd():
    return {address(0xACC0000 + number): 1 for number in range(1_000)}


def test_a_claim_is_cheap(funded, owners, crowd):
    """Of one round, and of twenty."""
    block = funded.block(1, crowd | {owners[0]: 5})
    assert funded.claim(block, owners[0]).gas_used <= MOST["claim"]


def test_a_claim_of_many_rounds_costs_as_much(world, owners, crowd):
    escrow = Escrow.create(world, rounds=20)
    escrow.fund(200_000)
    block = escrow.block(1, crowd | {owners[0]: 5})
    for round in range(2, 21):
        block = escrow.block(round, {owners[0]: 5})
    assert block.table.earned[owners[0].address] == 100
    assert escrow.claim(block, owners[0]).gas_used <= MOST["claim"]


def test_funding_is_cheap(escrow):
    assert escrow.fund().gas_used <= MOST["fund"]
