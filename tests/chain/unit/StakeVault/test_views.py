"""The views: what the vault tells of an account, and what others ask it for."""

from __future__ import annotations

import pytest
from support.errors import reverts


def test_strangers_have_nothing(either, stranger):
    assert either.books(stranger) == (0, 0, 0)
    assert either.vault.unbondingOf(stranger) == (0, 0)
    assert either.vault.absencesOf(stranger) == 0


@pytest.mark.parametrize(("stake", "sufficient"), [(999, False), (1000, True), (1001, True)])
def test_tells_whether_a_stake_suffices(either, stranger, stake, sufficient):
    """S4: the minimum is enough."""
    either.deposit(stranger, stake)
    assert either.vault.isSufficient(stranger) is sufficient
    if sufficient:
        either.vault.requireSufficient(stranger)
    else:
        with reverts("StakeVaultTooLow", stranger, stake, 1000):
            either.vault.requireSufficient(stranger)


def test_nothing_suffices_where_nothing_is_the_minimum(make, stranger):
    stakes = make(minimum=0)
    assert stakes.vault.isSufficient(stranger)
    stakes.vault.requireSufficient(stranger)
