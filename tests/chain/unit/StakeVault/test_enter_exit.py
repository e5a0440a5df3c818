"""`enter` and `exit`: given the minimum, when the federation takes a miner in, its stake has a lane until it leaves."""

from __future__ import annotations

import pytest
from support.errors import reverts


def test_gives_the_stake_a_lane(ether, stranger):
    """S2 and S4: the minimum is enough."""
    ether.deposit(stranger, 1000)
    ether.vault.enter(stranger, 17, ether.by_federation)
    assert ether.vault.lanes() == (0, 10 << 16, 0, 0)


def test_reverts_below_the_minimum(ether, stranger):
    """S4."""
    ether.deposit(stranger, 999)
    with reverts("StakeVaultTooLow", stranger, 999, 1000):
        ether.vault.enter(stranger, 0, ether.by_federation)


def test_what_unbonds_does_not_count(ether, stranger):
    """S2: only bonded stake makes a miner."""
    ether.deposit(stranger, 1500)
    ether.vault.unbond(501, {"from": stranger})
    with reverts("StakeVaultTooLow", stranger, 999, 1000):
        ether.vault.enter(stranger, 0, ether.by_federation)


def test_exit_takes_the_lane_and_leaves_the_stake(ether, stranger, accounts):
    ether.join(stranger, 3)
    ether.join(accounts[1], 4)
    ether.vault.exit(stranger, ether.by_federation)
    assert (ether.lane(3), ether.lane(4)) == (0, 20)
    assert ether.books(stranger) == (2000, 0, 0)
    ether.deposit(stranger, 100)
    assert ether.lane(3) == 0


def test_exit_of_nobody_changes_nothing(ether, stranger, accounts):
    ether.join(accounts[1], 0)
    ether.vault.exit(stranger, ether.by_federation)
    assert ether.vault.lanes() == (20, 0, 0, 0)


def test_another_miner_may_have_the_place(ether, stranger, accounts):
    """The former one's stake moves no lane any more."""
    ether.join(stranger, 3, 2000)
    ether.vault.exit(stranger, ether.by_federation)
    ether.join(accounts[1], 3, 5000)
    ether.vault.unbond(2000, {"from": stranger})
    assert ether.lane(3) == 50


def test_a_miner_may_come_back_elsewhere(ether, stranger):
    ether.join(stranger, 3)
    ether.vault.exit(stranger, ether.by_federation)
    ether.vault.enter(stranger, 63, ether.by_federation)
    assert (ether.lane(3), ether.lane(63)) == (0, 20)


@pytest.mark.parametrize("call", ["enter", "exit", "punish", "miss"])
def test_reverts_for_others_than_the_federation(ether, stranger, accounts, call):
    ether.join(accounts[1])
    rest = {"enter": (1,), "exit": (), "punish": (7, 0), "miss": (7,)}[call]
    with reverts("StakeVaultOnlyFederation", stranger):
        getattr(ether.vault, call)(accounts[1], *rest, {"from": stranger})
