"""`withdraw`: given released stake or a bounty, when its account asks, the money goes where it says (S5)."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.stake import MINER, UNBONDING

from minerva.protocol.records import ZERO_ADDRESS


@pytest.fixture
def released(either, stranger):
    """300 of the stranger's 1,000 could be unbonded; the next block comes when they are released."""
    either.deposit(stranger, 1000)
    either.vault.unbond(300, {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    return either


def test_pays_what_is_released(released, stranger, accounts):
    before = released.wealth(accounts[5])
    transaction = released.vault.withdraw(accounts[5], {"from": stranger})
    assert released.wealth(accounts[5]) - before == 300
    assert released.books(stranger) == (700, 0, 0)
    assert released.wealth(released.vault) == 700
    assert transaction.events["StakeWithdrawn"] == {"account": stranger, "to": accounts[5], "amount": 300}


def test_pays_once(released, stranger):
    released.vault.withdraw(stranger, {"from": stranger})
    _, release_at = released.vault.unbondingOf(stranger)
    with reverts("StakeVaultNotReleased", stranger, release_at):
        released.vault.withdraw(stranger, {"from": stranger})


def test_reverts_a_second_too_early(either, stranger):
    either.deposit(stranger, 300)
    either.vault.unbond(300, {"from": stranger})
    release_at = clock.now() + UNBONDING
    clock.next_block_at(release_at - 1)
    with reverts("StakeVaultNotReleased", stranger, release_at):
        either.vault.withdraw(stranger, {"from": stranger})


def test_reverts_when_nothing_unbonds(either, stranger):
    either.deposit(stranger, 300)
    with reverts("StakeVaultNotReleased", stranger, 0):
        either.vault.withdraw(stranger, {"from": stranger})


def test_pays_a_bounty_at_once_and_leaves_what_waits(either, stranger):
    """S7: 50% of 2,000 slashed, a quarter of it the reporter's."""
    either.join(MINER.address)
    either.deposit(stranger, 100)
    either.vault.unbond(100, {"from": stranger})
    either.report(stranger)
    before = either.wealth(stranger)
    either.vault.withdraw(stranger, {"from": stranger})
    assert either.wealth(stranger) - before == 250
    assert either.books(stranger) == (0, 100, 0)


def test_pays_bounty_and_stake_together(either, stranger):
    either.join(MINER.address)
    either.deposit(stranger, 100)
    either.vault.unbond(100, {"from": stranger})
    either.report(stranger)
    clock.next_block_at(clock.now() + UNBONDING)
    transaction = either.vault.withdraw(stranger, {"from": stranger})
    assert transaction.events["StakeWithdrawn"]["amount"] == 350
    assert either.books(stranger) == (0, 0, 0)


def test_reverts_where_nobody_could_take_it_out_again(released, stranger):
    for to in (ZERO_ADDRESS, released.vault.address):
        with reverts("StakeVaultTransferFailed", to, 300):
            released.vault.withdraw(to, {"from": stranger})
        clock.next_block_at(clock.now() + UNBONDING)
    assert released.books(stranger) == (700, 300, 0)


def test_reverts_when_the_recipient_refuses(ether, stranger, smart):
    """And it stays the account's, which may name another recipient."""
    ether.deposit(stranger, 300)
    ether.vault.unbond(300, {"from": stranger})
    smart.setRefuses(True, {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    with reverts("StakeVaultTransferFailed", smart, 300):
        ether.vault.withdraw(smart, {"from": stranger})
    ether.vault.withdraw(stranger, {"from": stranger})
    assert ether.books(stranger) == (0, 0, 0)


def test_reverts_when_the_token_returns_false(token, stranger):
    token.deposit(stranger, 300)
    token.vault.unbond(300, {"from": stranger})
    token.token.setRefuses(True, {"from": stranger})
    clock.next_block_at(clock.now() + UNBONDING)
    with reverts("SafeERC20FailedOperation", token.token):
        token.vault.withdraw(stranger, {"from": stranger})
    assert token.books(stranger) == (0, 300, 0)
