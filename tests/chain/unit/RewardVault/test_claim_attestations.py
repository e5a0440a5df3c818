"""`claimAttestations`: given attestations of final blocks, when anyone claims, the miner's owner is paid for them."""

from __future__ import annotations

from support import clock
from support.errors import reverts
from support.rewards import REWARD


def test_pays_all_that_are_settled(paying, owners, stranger):
    """Y6 and Y7: without any table."""
    for round in (1, 2):
        paying.block(round, {}, proposer=owners[0])
    before = paying.held(owners[0])
    transaction = paying.vault.claimAttestations(owners[0], {"from": stranger})
    assert paying.held(owners[0]) - before == 2 * REWARD
    assert transaction.events["RewardsClaimed"] == {
        "account": owners[0].address,
        "to": owners[0].address,
        "byTable": 0,
        "byAttestations": 2 * REWARD,
    }
    assert paying.vault.accountOf(owners[0]) == (0, 0)


def test_reverts_when_there_is_none(funded, owners, stranger):
    """Paid already, not final yet, never attested."""
    funded.block(1, {}, proposer=owners[0])
    funded.vault.claimAttestations(owners[0], {"from": stranger})
    funded.tell("onProposed", owners[1], 2, b"\x01" * 32, 0)
    for owner in owners[:3]:
        with reverts("RewardVaultNothingToClaim", owner):
            funded.vault.claimAttestations(owner, {"from": stranger})


def test_ends_with_the_claim_period(funded, owners):
    """Y8."""
    funded.block(1, {}, proposer=owners[0])
    until = funded.close()
    clock.next_block_at(until)
    with reverts("RewardVaultOver", until):
        funded.vault.claimAttestations(owners[0], {"from": owners[0]})
