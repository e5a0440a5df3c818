"""`lanes`: given miners with stake, what each weighs, as consensus modules take it (S2 and K1)."""

from __future__ import annotations

import pytest
from support.bulk import address
from support.stake import MOST


@pytest.fixture
def weights(make, MockToken, accounts):
    """A vault of tokens where a unit is 1 and nothing is the minimum."""
    return make(MockToken.deploy({"from": accounts[0]}), minimum=0, unit=1)


@pytest.mark.parametrize(
    ("stake", "weight"),
    [(1, 1), (2, 2), (65_534, 65_534), (65_535, 65_535), (65_536, 65_535), (MOST, 65_535)],
)
def test_counts_units_up_to_the_most(weights, stranger, stake, weight):
    weights.join(stranger, 63, stake)
    assert weights.vault.lanes() == (0, 0, 0, weight << 240)


def test_no_stake_weighs_one(weights, stranger):
    """S2: at least 1, where the minimum is nothing."""
    weights.vault.enter(stranger, 0, weights.by_federation)
    assert weights.vault.lanes() == (1, 0, 0, 0)


@pytest.mark.parametrize(("stake", "weight"), [(1000, 10), (1099, 10), (1100, 11)])
def test_rounds_down(ether, stranger, stake, weight):
    ether.join(stranger, 0, stake)
    assert ether.lane(0) == weight


def test_every_word_has_its_sixteen(make):
    """K1: the first and the last place of each."""
    stakes, expected = make(minimum=0, unit=1), [0] * 4
    for index in (0, 15, 16, 31, 32, 47, 48, 63):
        stakes.join(address(0x57AE0000 + index), index, 1000 + index)
        expected[index // 16] |= (1000 + index) << 16 * (index % 16)
    assert list(stakes.vault.lanes()) == expected


def test_neighbours_are_left_alone(weights, stranger, accounts):
    """However large a stake becomes."""
    weights.join(accounts[1], 14, 7)
    weights.join(stranger, 15, 8)
    weights.join(accounts[2], 16, 9)
    weights.deposit(stranger, MOST - 8)
    assert [weights.lane(i) for i in (14, 15, 16)] == [7, 65_535, 9]
    weights.vault.unbond(MOST, {"from": stranger})
    assert [weights.lane(i) for i in (14, 15, 16)] == [7, 1, 9]
    weights.vault.exit(stranger, weights.by_federation)
    assert [weights.lane(i) for i in (14, 15, 16)] == [7, 0, 9]


def test_who_has_no_place_weighs_nothing(ether, stranger):
    ether.deposit(stranger, 5000)
    assert ether.vault.lanes() == (0, 0, 0, 0)
