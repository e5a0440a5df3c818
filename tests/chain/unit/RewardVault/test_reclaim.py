"""`reclaim`: given a closed federation, when anyone asks, the requester gets back what nobody can earn any more."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.rewards import REQUIRED
from support.scene import names

ATTESTERS = 2_000
"""Y3: what a block reserves for attestations."""


def test_returns_at_once_what_was_not_earned(paying, owners, devices, requester, stranger):
    """Y8: neither granted nor reserved; what was claimed makes no difference."""
    paying.block(1, {devices[0]: 300}, proposer=owners[0])
    block = paying.block(3, {devices[1]: 200})
    paying.claim(block, devices[0])
    paying.close()
    before, left = paying.held(requester), REQUIRED - 500 - 2 * ATTESTERS
    transaction = paying.vault.reclaim({"from": stranger})
    assert paying.held(requester) - before == left
    assert names(transaction)[0] == "RewardsReturned"
    assert transaction.events["RewardsReturned"] == {"to": requester.address, "amount": left}
    paying.claim(block, devices[1])
    paying.vault.claimAttestations(owners[0], {"from": stranger})


def test_returns_all_after_the_claim_period(paying, owners, devices, requester, stranger):
    """Y8: unclaimed grants and attestations, and the dust."""
    block = paying.block(1, {devices[0]: 300, devices[1]: 7}, proposer=owners[0])
    until = paying.close()
    paying.vault.reclaim({"from": stranger})
    paying.claim(block, devices[0])
    before = paying.held(requester)
    clock.next_block_at(until)
    paying.vault.reclaim({"from": stranger})
    assert paying.held(requester) - before == 7 + ATTESTERS
    assert paying.held() == 0


def test_returns_all_in_one_when_nobody_asked_before(funded, requester, stranger):
    before = funded.held(requester)
    until = funded.close()
    clock.next_block_at(until)
    funded.vault.reclaim({"from": stranger})
    assert funded.held(requester) - before == REQUIRED


@pytest.mark.parametrize("amount", [1, REQUIRED - 1])
def test_returns_an_escrow_that_was_never_complete(escrow, requester, stranger, amount):
    """Y2: no round opened."""
    escrow.fund(amount, stranger)
    escrow.close()
    before = escrow.held(requester)
    escrow.vault.reclaim({"from": stranger})
    assert escrow.held(requester) - before == amount
    assert escrow.held() == 0


def test_reverts_while_the_federation_runs(funded, requester):
    with reverts("RewardVaultNotOver", 0):
        funded.vault.reclaim({"from": requester})


def test_reverts_when_all_that_is_left_may_be_claimed(funded, devices, requester):
    """Y8: a second call before the period ends."""
    funded.block(1, {devices[0]: 300})
    until = funded.close()
    funded.vault.reclaim({"from": requester})
    with reverts("RewardVaultNotOver", until):
        funded.vault.reclaim({"from": requester})
    clock.next_block_at(until - 1)
    with reverts("RewardVaultNotOver", until):
        funded.vault.reclaim({"from": requester})


def test_reverts_when_nothing_is_left(funded, requester):
    until = funded.close()
    clock.next_block_at(until)
    funded.vault.reclaim({"from": requester})
    with reverts("RewardVaultNothingToClaim", requester):
        funded.vault.reclaim({"from": requester})


def test_reverts_when_the_requester_refuses(funded, MockRecipient, requester):
    account = MockRecipient.deploy({"from": requester})
    account.setRefuses(True, {"from": requester})
    funded.federation.setRequester(account, {"from": requester})
    funded.close()
    with reverts("RewardVaultTransferFailed", account, REQUIRED):
        funded.vault.reclaim({"from": requester})
    assert funded.held() == REQUIRED
