"""`unbond`: given stake, when its account asks for some of it, that waits, and counts no more (S5)."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.stake import UNBONDING

from minerva.protocol.state import Status


def test_moves_stake_to_what_waits(either, stranger):
    either.deposit(stranger, 300)
    at = clock.now() + 10
    clock.next_block_at(at)
    transaction = either.vault.unbond(120, {"from": stranger})
    assert either.books(stranger) == (180, 120, 0)
    assert either.vault.unbondingOf(stranger) == (120, at + UNBONDING)
    assert transaction.events["StakeUnbonding"] == {
        "account": stranger, "amount": 120, "unbonding": 120, "releaseAt": at + UNBONDING,
    }  # fmt: skip


def test_all_that_unbonds_waits_anew(either, stranger):
    either.deposit(stranger, 300)
    either.vault.unbond(100, {"from": stranger})
    at = clock.now() + UNBONDING - 1
    clock.next_block_at(at)
    transaction = either.vault.unbond(1, {"from": stranger})
    assert transaction.events["StakeUnbonding"]["unbonding"] == 101
    assert either.vault.unbondingOf(stranger) == (101, at + UNBONDING)


def test_may_leave_nothing_without_a_place(either, stranger):
    either.deposit(stranger, 300)
    either.vault.unbond(300, {"from": stranger})
    assert either.books(stranger) == (0, 300, 0)


def test_a_miner_may_keep_just_the_minimum(either, stranger):
    either.join(stranger, 2, 2000)
    either.vault.unbond(1000, {"from": stranger})
    assert either.books(stranger) == (1000, 1000, 0)
    assert either.lane(2) == 10


@pytest.mark.parametrize(("amount", "left"), [(1001, 999), (2000, 0)])
def test_reverts_when_a_miner_would_keep_less(either, stranger, amount, left):
    either.join(stranger, 2, 2000)
    with reverts("StakeVaultInUse", stranger, left, 1000):
        either.vault.unbond(amount, {"from": stranger})


@pytest.mark.parametrize("status", [Status.WAITING, Status.RUNNING, Status.PAUSED])
def test_a_miner_of_an_open_federation_keeps_the_minimum(either, stranger, status):
    either.join(stranger, 2, 2000)
    either.federation.setStatus(status, {"from": stranger})
    with reverts("StakeVaultInUse", stranger, 999, 1000):
        either.vault.unbond(1001, {"from": stranger})


def test_a_miner_of_a_closed_federation_gets_all_out(either, stranger):
    """S5: it cannot leave its place any more."""
    either.join(stranger, 2, 2000)
    either.federation.setStatus(Status.CLOSED, {"from": stranger})
    either.vault.unbond(2000, {"from": stranger})
    assert either.books(stranger) == (0, 2000, 0)


def test_may_leave_nothing_after_the_miner_left(either, stranger):
    either.join(stranger)
    either.vault.exit(stranger, either.by_federation)
    either.vault.unbond(2000, {"from": stranger})
    assert either.books(stranger) == (0, 2000, 0)


@pytest.mark.parametrize("amount", [301, 2**128, 2**256 - 1])
def test_reverts_when_there_is_less(either, stranger, amount):
    """What unbonds already is not there either."""
    either.deposit(stranger, 400)
    either.vault.unbond(100, {"from": stranger})
    with reverts("StakeVaultInsufficient", stranger, 300, amount):
        either.vault.unbond(amount, {"from": stranger})


def test_reverts_for_nothing(either, stranger):
    either.deposit(stranger, 300)
    with reverts("StakeVaultNothing"):
        either.vault.unbond(0, {"from": stranger})
