"""`miss`: given absences, when the federation counts as many as agreed on, the stake pays for the last (S6)."""

from __future__ import annotations

import pytest
from support.scene import names
from support.stake import ROUND


def answer(stakes, account):
    return stakes.vault.miss.call(account, ROUND, stakes.by_federation)


def test_counts(ether, stranger):
    ether.join(stranger)
    for count in (1, 2):
        assert answer(ether, stranger) == (False, True)
        transaction = ether.miss(stranger, round=ROUND + count)
        assert names(transaction) == ["StakeAbsence"]
        assert transaction.events["StakeAbsence"] == {
            "account": stranger, "round": ROUND + count, "absences": count,
        }  # fmt: skip
        assert ether.vault.absencesOf(stranger) == count
    assert ether.books(stranger) == (2000, 0, 0)


def test_punishes_the_last_and_counts_anew(either, stranger):
    """4% of 2,000."""
    either.join(stranger, 2)
    either.miss(stranger, 2)
    assert answer(either, stranger) == (True, True)
    transaction = either.miss(stranger)
    assert names(transaction) == ["StakeAbsence", "StakeSlashed"]
    assert transaction.events["StakeAbsence"]["absences"] == 3
    assert transaction.events["StakeSlashed"]["offence"] == 2
    assert either.books(stranger) == (1920, 0, 0)
    assert (either.vault.slashed(), either.vault.absencesOf(stranger), either.lane(2)) == (80, 0, 19)
    assert names(either.miss(stranger)) == ["StakeAbsence"]


def test_tells_when_the_minimum_is_not_left(make, stranger):
    stakes = make(absences=1)
    stakes.join(stranger, 0, 1000)
    assert answer(stakes, stranger) == (True, False)
    stakes.miss(stranger)
    assert answer(stakes, stranger) == (True, False)


def test_never_punishes_where_that_was_agreed_on(make, stranger):
    """S1: 0 absences; none is counted."""
    stakes = make(absences=0)
    stakes.join(stranger, 0, 1000)
    assert answer(stakes, stranger) == (False, True)
    assert names(stakes.miss(stranger, 5)) == []
    assert (stakes.vault.absencesOf(stranger), stakes.books(stranger)) == (0, (1000, 0, 0))


def test_a_hundred_absences(make, stranger):
    """S1: the most that may be agreed on."""
    stakes = make(absences=100)
    stakes.join(stranger)
    stakes.miss(stranger, 99)
    assert stakes.books(stranger) == (2000, 0, 0)
    stakes.miss(stranger)
    assert stakes.books(stranger) == (1920, 0, 0)


def test_leaving_does_not_clear_them(ether, stranger):
    """S6: or nobody would ever be punished."""
    ether.join(stranger)
    ether.miss(stranger, 2)
    ether.vault.exit(stranger, ether.by_federation)
    ether.vault.enter(stranger, 1, ether.by_federation)
    assert answer(ether, stranger) == (True, True)


@pytest.mark.parametrize("bps", [0, 1])
def test_an_absence_that_costs_nothing_is_an_offence(make, stranger, bps):
    """S6: the consensus module is told of it all the same."""
    stakes = make(absences=1, absence_bps=bps)
    stakes.join(stranger, 0, 1000)
    assert answer(stakes, stranger) == (True, True)
    transaction = stakes.miss(stranger)
    assert transaction.events["StakeSlashed"]["amount"] == 0
    assert stakes.books(stranger) == (1000, 0, 0)


def test_accounts_are_counted_each(ether, stranger, accounts):
    ether.join(stranger, 0)
    ether.join(accounts[1], 1)
    ether.miss(stranger, 2)
    assert answer(ether, accounts[1]) == (False, True)
    assert ether.vault.absencesOf(accounts[1]) == 0
