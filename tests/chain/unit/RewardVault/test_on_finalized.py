"""`onFinalized`: given a candidate, when it becomes the block, what its table grants is granted."""

from __future__ import annotations

from support.errors import reverts
from support.rewards import BUDGET
from support.scene import names


def test_adds_what_the_block_grants(funded, owners):
    """Y3: round by round; a skipped one, here the second, adds nothing."""
    for round, granted in ((1, BUDGET), (3, 2 * BUDGET)):
        block = funded.candidate(round, {owners[0]: BUDGET})
        funded.tell("onProposed", owners[0], round, block.hash, BUDGET)
        transaction = funded.finalize(block)
        assert names(transaction) == ["RewardsGranted"]
        told = {"round": round, "amount": BUDGET, "granted": granted}
        assert transaction.events["RewardsGranted"] == told
        assert funded.vault.granted() == granted


def test_a_block_may_grant_nothing(funded, owners):
    funded.block(1, {owners[0]: 5})
    funded.block(2, {})
    assert funded.vault.granted() == 5


def test_reverts_for_anyone_but_the_federation(funded, requester):
    with reverts("RewardVaultOnlyFederation", requester):
        funded.vault.onFinalized(1, {"from": requester})
