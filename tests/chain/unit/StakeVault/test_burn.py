"""`burn`: given slashed stake, when anybody says so, it goes where nobody has it, bounties apart (S8)."""

from __future__ import annotations

from support.errors import reverts
from support.stake import MINER, NOBODY, ROUND


def test_sends_what_was_slashed(either, stranger):
    """A rejected candidate takes 200 of 2,000, two proposals 900 of the rest; a quarter of this is a bounty."""
    either.join(MINER.address)
    either.vault.punish(MINER.address, ROUND, 0, either.by_federation)
    either.report(stranger)
    before = either.wealth(NOBODY)
    transaction = either.vault.burn({"from": stranger})
    assert transaction.events["StakeBurned"] == {"amount": 875}
    assert either.wealth(NOBODY) - before == 875
    assert either.vault.slashed() == 0
    assert either.wealth(either.vault) == 900 + 225


def test_reverts_for_nothing(either, stranger):
    either.join(MINER.address)
    with reverts("StakeVaultNothing"):
        either.vault.burn({"from": stranger})
    either.vault.punish(MINER.address, ROUND, 0, either.by_federation)
    either.vault.burn({"from": stranger})
    with reverts("StakeVaultNothing"):
        either.vault.burn({"from": stranger})


def test_reverts_when_the_token_returns_false(token, stranger):
    """And it can be burned later."""
    token.join(MINER.address)
    token.vault.punish(MINER.address, ROUND, 0, token.by_federation)
    token.token.setRefuses(True, {"from": stranger})
    with reverts("SafeERC20FailedOperation", token.token):
        token.vault.burn({"from": stranger})
    assert token.vault.slashed() == 200
