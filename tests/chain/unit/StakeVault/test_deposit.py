"""`deposit`: given money, when anybody stakes it for anybody, exactly that much is bonded (S3)."""

from __future__ import annotations

import pytest
from support.errors import reverts, reverts_without_reason
from support.stake import MOST


def test_bonds_for_another_account(either, stranger, accounts):
    either.give(stranger, 700)
    before, held = either.wealth(stranger), either.wealth(either.vault)
    transaction = either.deposit(accounts[1], 300, stranger)
    assert either.books(accounts[1]) == (300, 0, 0)
    assert either.books(stranger) == (0, 0, 0)
    assert either.wealth(either.vault) - held == 300
    assert before - either.wealth(stranger) == (300 if not either.token else 0)  # tokens are given anew
    assert transaction.events["StakeDeposited"] == {
        "account": accounts[1], "from": stranger, "amount": 300, "bonded": 300,
    }  # fmt: skip


def test_adds_up(either, stranger):
    either.deposit(stranger, 300)
    transaction = either.deposit(stranger, 1)
    assert transaction.events["StakeDeposited"]["bonded"] == 301
    assert either.books(stranger) == (301, 0, 0)


def test_leaves_what_unbonds_alone(either, stranger):
    """S5: nobody delays another's release by a gift."""
    either.deposit(stranger, 300)
    either.vault.unbond(200, {"from": stranger})
    waiting = either.vault.unbondingOf(stranger)
    either.deposit(stranger, 50)
    assert either.vault.unbondingOf(stranger) == waiting
    assert either.books(stranger) == (150, 200, 0)


def test_raises_the_lane_of_a_miner(either, stranger):
    """S2."""
    either.join(stranger, 5, 1999)
    assert either.lane(5) == 19
    either.deposit(stranger, 1)
    assert either.lane(5) == 20


def test_reverts_for_nothing(either, stranger):
    with reverts("StakeVaultNothing"):
        either.vault.deposit(stranger, 0, {"from": stranger})


@pytest.mark.parametrize("value", [0, 299, 301])
def test_reverts_when_other_ether_comes(ether, stranger, value):
    with reverts("StakeVaultUnexpectedAmount", 300, value):
        ether.vault.deposit(stranger, 300, {"from": stranger, "value": value})
    assert ether.books(stranger) == (0, 0, 0)


@pytest.mark.parametrize("value", [1, 300])
def test_reverts_when_ether_is_sent_along_with_a_token(token, stranger, value):
    token.give(stranger, 300)
    with reverts("StakeVaultUnexpectedAmount", 300, 2**256 - 1):
        token.vault.deposit(stranger, 300, {"from": stranger, "value": value})
    assert token.wealth(stranger) == 300


def test_reverts_when_the_token_takes_a_fee(token, stranger):
    token.give(stranger, 1000)
    token.token.setFee(100, {"from": stranger})
    with reverts("StakeVaultUnexpectedAmount", 1000, 990):
        token.vault.deposit(stranger, 1000, {"from": stranger})
    assert token.books(stranger) == (0, 0, 0)


def test_reverts_when_the_token_returns_false(token, stranger):
    token.give(stranger, 1000)
    token.token.setRefuses(True, {"from": stranger})
    with reverts("SafeERC20FailedOperation", token.token):
        token.vault.deposit(stranger, 1000, {"from": stranger})
    assert token.books(stranger) == (0, 0, 0)


def test_reverts_without_the_tokens(token, stranger):
    token.token.approve(token.vault, 10, {"from": stranger})
    with reverts("ERC20InsufficientBalance", stranger, 0, 10):
        token.vault.deposit(stranger, 10, {"from": stranger})


def test_reverts_without_allowance(token, stranger):
    token.token.mint(stranger, 10, {"from": stranger})
    with reverts("ERC20InsufficientAllowance", token.vault, 0, 10):
        token.vault.deposit(stranger, 10, {"from": stranger})


@pytest.mark.parametrize("amount", [MOST + 1, 2**256 - 1])
def test_reverts_when_one_sum_is_too_large(token, stranger, amount):
    with reverts("SafeCastOverflowedUintDowncast", 128, amount):
        token.vault.deposit(stranger, amount, {"from": stranger})


def test_reverts_when_an_account_has_too_much(token, stranger, accounts):
    """Bonded and unbonding together fit 128 bits, so that slashing never overflows; others are not concerned."""
    token.deposit(stranger, MOST)
    token.vault.unbond(MOST - 5, {"from": stranger})
    token.give(accounts[0], 1)
    with reverts("SafeCastOverflowedUintDowncast", 128, MOST + 1):
        token.vault.deposit(stranger, 1, {"from": accounts[0]})
    token.deposit(accounts[1], MOST)
    assert token.books(accounts[1]) == (MOST, 0, 0)


def test_takes_no_ether_otherwise(ether, stranger):
    with reverts_without_reason():
        stranger.transfer(ether.vault, 1)


def test_keeps_vaults_apart(either, make, stranger):
    other = make(token=either.token)
    either.deposit(stranger, 300)
    assert other.books(stranger) == (0, 0, 0)
