"""What the modules add to a federation's transactions, in a federation's fourth round and with all in it."""

from __future__ import annotations

import pytest
from support.modules import NAMES, SIZE, TERMS

from minerva.protocol.lanes import Lanes, pack
from minerva.protocol.weights import committee_after

TRANSACTION = 21_000


def weights(name: str, miners: int, round: int) -> Lanes:
    if name == "por":
        return pack({i: TERMS.start + round + i for i in range(miners)})
    return (
        committee_after(dict.fromkeys(range(miners), 0), bytes([round] * 32), SIZE)
        if name == "committee"
        else ()
    )


def costs(seat, miners):
    """Gas of `open`, `propose`, `onFinalized` and `weigh` once storage is not new any more."""
    snapshot = (1 << miners) - 1
    seat.configure()
    if seat.name == "pos":
        seat.stake({i: 100 + i for i in range(miners)})
    for _ in range(3):
        seat.open(snapshot)
        seat.block(weights(seat.name, miners, seat.round))
    if seat.name == "pos":
        seat.stake({i: 200 + i for i in range(miners)})
    opened = seat.open(snapshot)
    weighed = seat.send("weigh", snapshot)
    proposed = seat.propose(weights(seat.name, miners, seat.round))
    finalized = seat.send("onFinalized", seat.round, 10)
    return {
        "open": opened.gas - TRANSACTION,
        "propose": proposed.gas - TRANSACTION,
        "onFinalized": finalized.gas - TRANSACTION,
        "weigh": weighed.gas - TRANSACTION,
    }


BUDGETS = {
    "pos": {"open": 38_000, "propose": 20_000, "onFinalized": 4_000, "weigh": 8_500},
    "por": {"open": 20_000, "propose": 33_000, "onFinalized": 20_000, "weigh": 8_500},
    "committee": {"open": 32_000, "propose": 34_000, "onFinalized": 23_000, "weigh": 5_500},
}
"""Up to 16 miners: one slot of lanes is written by each."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("miners", [3, 5, 16])
def test_a_word_of_miners_keeps_to_its_budget(kit, name, miners):
    found = costs(kit.seat(name), miners)
    assert {call: gas for call, gas in found.items() if gas > BUDGETS[name][call]} == {}


@pytest.mark.parametrize("name", NAMES)
def test_sixty_four_miners_stay_far_below_a_transactions_limit(kit, name):
    assert max(costs(kit.seat(name), 64).values()) <= 90_000
