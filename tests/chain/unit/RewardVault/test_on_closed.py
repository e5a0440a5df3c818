"""`onClosed`: given a federation that ends, when it tells, the claim period starts."""

from __future__ import annotations

from support import clock
from support.errors import reverts
from support.rewards import TERMS
from support.scene import names


def test_starts_the_claim_period(funded):
    """Y8."""
    assert funded.vault.closesAt() == 0
    at = clock.now() + 100
    clock.next_block_at(at)
    transaction = funded.tell("onClosed")
    assert names(transaction) == ["RewardsClosing"]
    assert transaction.events["RewardsClosing"] == {"until": at + TERMS.claim_seconds}
    assert funded.vault.closesAt() == at + TERMS.claim_seconds


def test_reverts_for_anyone_but_the_federation(funded, requester):
    with reverts("RewardVaultOnlyFederation", requester):
        funded.vault.onClosed({"from": requester})
