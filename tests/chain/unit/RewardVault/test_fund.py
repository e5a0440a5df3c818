"""`fund`: given an escrow that lacks money, when anyone pays in, it holds that; never more than it needs."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.rewards import REQUIRED, Escrow
from support.scene import names


@pytest.mark.parametrize("ether", [True, False])
def test_takes_money_of_anyone_in_parts(world, token, stranger, ether):
    """Y2."""
    escrow = Escrow.create(world, token=None if ether else token)
    for amount, funded in ((1, 1), (REQUIRED - 2, REQUIRED - 1), (1, REQUIRED)):
        assert not escrow.vault.isFunded()
        transaction = escrow.fund(amount, stranger)
        assert names(transaction)[-1] == "RewardsFunded"
        told = {"from": stranger.address, "amount": amount, "funded": funded}
        assert transaction.events["RewardsFunded"] == told
        assert escrow.vault.funded() == escrow.held() == funded
    assert escrow.vault.isFunded()


def test_reverts_when_more_than_is_lacking(escrow):
    """Y2: zero included."""
    for lacking in (REQUIRED, 1):
        for given in (0, lacking + 1):
            with reverts("RewardVaultOverfunded", lacking, given):
                escrow.fund(given)
        escrow.fund(lacking - 1 or 1)
    with reverts("RewardVaultOverfunded", 0, 1):
        escrow.fund(1)


def test_reverts_when_the_federation_is_closed(escrow):
    """Y8: nobody could earn it."""
    escrow.close()
    with reverts("RewardVaultOverfunded", 0, 1):
        escrow.fund(1)


@pytest.mark.parametrize("value", [0, 99, 101])
def test_reverts_when_other_ether_comes_than_named(escrow, requester, value):
    with reverts("RewardVaultUnexpectedAmount", 100, value):
        escrow.vault.fund(100, {"from": requester, "value": value})


def test_reverts_when_ether_comes_beside_tokens(world, token, requester):
    escrow = Escrow.create(world, token=token)
    token.mint(requester, 100, {"from": requester})
    token.approve(escrow.vault, 100, {"from": requester})
    for value in (1, 100):
        with reverts("RewardVaultUnexpectedAmount", 100, 2**256 - 1):
            escrow.vault.fund(100, {"from": requester, "value": value})


def test_reverts_when_the_token_takes_a_fee(world, token, requester):
    """Else the last to claim would find nothing."""
    escrow = Escrow.create(world, token=token)
    token.setFee(100, {"from": requester})
    with reverts("RewardVaultUnexpectedAmount", 1000, 990):
        escrow.fund(1000)
    assert escrow.vault.funded() == 0


def test_reverts_when_the_token_returns_false(world, token, requester):
    escrow = Escrow.create(world, token=token)
    token.setRefuses(True, {"from": requester})
    with reverts("SafeERC20FailedOperation", token):
        escrow.fund(1000)


def test_reverts_when_nothing_is_approved(world, token, stranger):
    escrow = Escrow.create(world, token=token)
    token.mint(stranger, 100, {"from": stranger})
    with reverts("ERC20InsufficientAllowance", escrow.vault, 0, 100):
        escrow.vault.fund(100, {"from": stranger})


def test_takes_no_ether_otherwise(escrow, stranger):
    from support.errors import reverts_without_reason

    with reverts_without_reason():
        stranger.transfer(escrow.vault, 1)
