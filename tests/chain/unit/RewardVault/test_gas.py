"""What the calls cost, where the blocks are a mock's: a federation's own answer costs 8,000 gas more."""

from __future__ import annotations

from support.bulk import address
from support.rewards import Escrow

MOST = {"claim": 90_000, "fund": 60_000}


def test_a_first_claim_is_cheap(funded, owners):
    """Of one round, in a table of fifty."""
    crowd = {address(0xACC0000 + number): 1 for number in range(49)}
    block = funded.block(1, crowd | {owners[0]: 5})
    assert funded.claim(block, owners[0]).gas_used <= MOST["claim"]


def test_a_claim_of_twenty_rounds_costs_as_much_as_of_one(world, owners):
    escrow = Escrow.create(world, rounds=20)
    escrow.fund(200_000)
    for round in range(1, 21):
        block = escrow.block(round, {owners[0]: 5, owners[1]: 5})
        if round == 1:
            once = escrow.claim(block, owners[1]).gas_used
    assert block.table.earned[owners[0].address] == 100
    assert abs(escrow.claim(block, owners[0]).gas_used - once) < 500


def test_funding_is_cheap(escrow):
    assert escrow.fund().gas_used <= MOST["fund"]
