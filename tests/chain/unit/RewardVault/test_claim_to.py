"""`claimTo`: given a recipient that the account signed for, when anyone claims, the money goes there; once."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.rewards import REWARD, key, sign

ALICE = key("alice")


def test_pays_the_recipient(paying, stranger):
    """Y7: attestations along."""
    block = paying.block(1, {ALICE.address: 100}, proposer=ALICE.address)
    before = paying.held(stranger)
    digest = paying.digest(block, ALICE.address, stranger)
    transaction = paying.claim_to(block, ALICE.address, stranger, sign(ALICE, digest))
    assert paying.held(stranger) - before == 100 + REWARD
    assert transaction.events["RewardsClaimed"] == {
        "account": ALICE.address,
        "to": stranger.address,
        "byTable": 100,
        "byAttestations": REWARD,
    }


def test_a_signature_serves_once(funded, stranger):
    """Y7: neither for the same block nor for a later one; a new one does."""
    first = funded.block(1, {ALICE.address: 100})
    signature = sign(ALICE, funded.digest(first, ALICE.address, stranger))
    funded.claim_to(first, ALICE.address, stranger, signature)
    second = funded.block(2, {ALICE.address: 100})
    for block in (first, second):
        with reverts("RewardVaultInvalidSignature", ALICE.address):
            funded.claim_to(block, ALICE.address, stranger, signature)
    again = sign(ALICE, funded.digest(second, ALICE.address, stranger, claimed=100))
    funded.claim_to(second, ALICE.address, stranger, again)
    assert funded.vault.accountOf(ALICE.address) == (200, 0)


def test_reverts_when_only_attestations_would_be_paid(funded, stranger):
    """Y7: a signature for what is claimed already would serve for all attestations to come."""
    block = funded.block(1, {ALICE.address: 100})
    funded.claim(block, ALICE.address)
    funded.block(2, {}, proposer=ALICE.address)
    signature = sign(ALICE, funded.digest(block, ALICE.address, stranger, claimed=100))
    with reverts("RewardVaultNothingToClaim", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, signature)


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\x01" * 64, b"\x01" * 65])
def test_reverts_when_it_is_no_signature(funded, stranger, signature):
    block = funded.block(1, {ALICE.address: 100})
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, signature)


def test_reverts_when_another_signed(funded, stranger):
    block = funded.block(1, {ALICE.address: 100})
    signature = sign(key("mallory"), funded.digest(block, ALICE.address, stranger))
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, signature)


def test_checks_the_block_and_the_proof(funded, stranger):
    """Y7: as `claim` does, before the signature."""
    candidate = funded.candidate(1, {ALICE.address: 100})
    with reverts("RewardVaultUnknownBlock", 1, candidate.hash):
        funded.claim_to(candidate, ALICE.address, stranger, b"")
    block = funded.block(1, {ALICE.address: 100})
    header, account, amount, proof = block.entry(ALICE.address)
    with reverts("RewardVaultInvalidProof", account, amount + 1):
        funded.vault.claimTo(header, account, amount + 1, proof, stranger, b"", {"from": stranger})


def test_reverts_when_blocks_granted_less(funded, stranger):
    """Y7."""
    block = funded.block(1, {ALICE.address: 100}, total=99)
    signature = sign(ALICE, funded.digest(block, ALICE.address, stranger))
    with reverts("RewardVaultExceedsGrants", 99, 100):
        funded.claim_to(block, ALICE.address, stranger, signature)


def test_reverts_when_the_recipient_refuses(funded, MockRecipient, requester):
    account = MockRecipient.deploy({"from": requester})
    account.setRefuses(True, {"from": requester})
    block = funded.block(1, {ALICE.address: 100})
    signature = sign(ALICE, funded.digest(block, ALICE.address, account))
    with reverts("RewardVaultTransferFailed", account, 100):
        funded.claim_to(block, ALICE.address, account, signature)


def test_ends_with_the_claim_period(funded, stranger):
    """Y8."""
    block = funded.block(1, {ALICE.address: 100})
    signature = sign(ALICE, funded.digest(block, ALICE.address, stranger))
    until = funded.close()
    clock.next_block_at(until)
    with reverts("RewardVaultOver", until):
        funded.claim_to(block, ALICE.address, stranger, signature)


def test_takes_a_contracts_word(funded, MockRecipient, requester, stranger):
    """Y7: ERC-1271, for this recipient alone."""
    account = MockRecipient.deploy({"from": requester})
    block = funded.block(1, {account: 100})
    with reverts("RewardVaultInvalidSignature", account):
        funded.claim_to(block, account, stranger, b"")
    account.sign(funded.digest(block, account, stranger), {"from": requester})
    with reverts("RewardVaultInvalidSignature", account):
        funded.claim_to(block, account, requester, b"")
    before = stranger.balance()
    funded.claim_to(block, account, stranger, b"")
    assert stranger.balance() - before == 100
