"""Whose turn it is (K5)."""

from __future__ import annotations

from itertools import permutations
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from minerva.protocol.records import ZERO32
from minerva.protocol.schedule import order, proposer, seed

voters = st.dictionaries(st.integers(0, 63), st.integers(1, 65_535), min_size=1)
seeds = st.binary(min_size=32, max_size=32)


@given(seeds, voters)
def test_an_order_is_a_permutation_of_the_voters(seed, weights):
    assert sorted(order(seed, weights)) == sorted(weights)


@given(seeds, voters)
def test_an_order_is_the_same_however_the_weights_are_listed(seed, weights):
    assert order(seed, weights) == order(seed, dict(sorted(weights.items(), reverse=True)))


def test_orders_come_as_often_as_drawing_by_weight_has_them():
    """K5: chi-square over all orders of four voters; above 60 in one of 50,000 honest drawings (23 degrees)."""
    weights, drawings = {0: 1, 2: 2, 40: 3, 63: 6}, 5_000
    drawn = [order(number.to_bytes(32, "big"), weights) for number in range(drawings)]
    chi_square = 0.0
    for expected in permutations(weights):
        left = [sum(weights[i] for i in expected[k:]) for k in range(4)]
        mean = drawings * prod(weights[i] / total for i, total in zip(expected, left, strict=True))
        chi_square += (drawn.count(expected) - mean) ** 2 / mean
    assert chi_square < 60


@given(seeds, voters, st.integers(0, 255), st.integers(0, 2**64 - 1))
def test_a_turn_is_exactly_one_voters_who_is_not_barred(seed, weights, turn, eligible):
    drawn = order(seed, weights)
    due = proposer(drawn, turn, eligible)
    if due is None:
        assert not any(eligible >> i & 1 for i in weights)
    else:
        assert due in weights and eligible >> due & 1
        # Nobody between the turn's position and the one who is due could have it.
        first = turn % len(drawn)
        between = (drawn + drawn)[first : (drawn + drawn).index(due, first)]
        assert not any(eligible >> i & 1 for i in between)


def test_turns_go_round():
    assert [proposer((7, 3, 5), turn, 0xFF) for turn in range(5)] == [7, 3, 5, 7, 3]
    assert [proposer((7, 3, 5), turn, 0xFF & ~(1 << 3)) for turn in range(4)] == [7, 5, 5, 7]
    assert proposer((7, 3, 5), 2, 1 << 3) == 3
    assert proposer((7, 3, 5), 0, 0) is None and proposer((), 0, 1) is None


def test_a_seed_depends_on_all_that_it_is_made_of():
    base = (1, "0x" + "11" * 20, 1, ZERO32, ZERO32, 0)
    others = (2, "0x" + "12" * 20, 2, b"\1" * 32, b"\1" * 32, 2**256 - 1)
    made = {seed(*base)}
    made |= {seed(*base[:i], other, *base[i + 1 :]) for i, other in enumerate(others)}
    assert len(made) == 7
