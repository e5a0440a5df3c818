"""What somebody would try who wants more than is theirs, or wants others not to get theirs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.errors import reverts
from support.rewards import BUDGET, REQUIRED, REWARD, Escrow, key, make_vault, sign
from support.scene import names

from brownie import web3
from minerva.protocol.rewards import claim_to_digest

ALICE = key("alice")
GUARD = web3.keccak(text="ReentrancyGuardReentrantCall()")[:4]


@pytest.fixture
def account(MockRecipient, requester):
    return MockRecipient.deploy({"from": requester})


def claims(transaction):
    return names(transaction).count("RewardsClaimed")


# Re-entrancy


@pytest.mark.parametrize("method", ["claim", "claimAttestations", "reclaim", "fund"])
def test_a_receiver_that_calls_back_gets_nothing_in(funded, account, owners, requester, method):
    """Though what it asks for is somebody's due: no call runs inside another."""
    block = funded.block(1, {account: 100, owners[0]: 50}, proposer=owners[0])
    values = {"claim": block.entry(owners[0]), "claimAttestations": [owners[0]], "fund": [1], "reclaim": []}
    call = getattr(funded.vault, method).encode_input(*values[method])
    account.setCallback(funded.vault, call, {"from": requester})
    transaction = funded.claim(block, account)
    assert (account.balance(), account.receipts(), claims(transaction)) == (100, 1, 1)
    assert bytes(account.refusal()) == GUARD


def test_a_receiver_that_claims_again_is_paid_once(funded, account, requester):
    block = funded.block(1, {account: 100, requester: 50})
    account.setCallback(
        funded.vault, funded.vault.claim.encode_input(*block.entry(account)), {"from": requester}
    )
    funded.claim(block, account)
    assert account.balance() == 100
    assert funded.held() == REQUIRED - 100


def test_a_token_that_calls_back_in_a_payment_gets_nothing_in(world, token, owners, requester):
    escrow = Escrow.create(world, token=token)
    escrow.fund()
    block = escrow.block(1, {owners[0]: 50, owners[1]: 60})
    again = escrow.vault.claim.encode_input(*block.entry(owners[1]))
    token.setCallback(escrow.vault, again, {"from": requester})
    assert claims(escrow.claim(block, owners[0])) == 1
    assert (token.balanceOf(owners[0]), token.balanceOf(owners[1])) == (50, 0)


def test_a_token_that_calls_back_in_a_deposit_gets_nothing_in(world, token, owners, requester):
    """A claim inside would make the sum that arrives another."""
    escrow = Escrow.create(world, token=token)
    escrow.fund(REQUIRED - 1)
    block = escrow.block(1, {owners[0]: 50})
    token.mint(requester, 1, {"from": requester})
    token.approve(escrow.vault, 1, {"from": requester})
    token.setCallback(
        escrow.vault, escrow.vault.claim.encode_input(*block.entry(owners[0])), {"from": requester}
    )
    assert claims(escrow.vault.fund(1, {"from": requester})) == 0
    assert escrow.vault.funded() == escrow.held() == REQUIRED
    assert escrow.vault.accountOf(owners[0]) == (0, 0)


# Griefing


def test_a_receiver_that_refuses_harms_itself_alone(funded, account, owners, requester):
    """Others still claim, and by its signature it is paid elsewhere."""
    account.setRefuses(True, {"from": requester})
    block = funded.block(1, {account: 100, owners[0]: 50})
    with reverts("RewardVaultTransferFailed", account, 100):
        funded.claim(block, account)
    funded.claim(block, owners[0])
    account.sign(funded.digest(block, account, owners[1]), {"from": requester})
    before = owners[1].balance()
    funded.claim_to(block, account, owners[1], b"")
    assert owners[1].balance() - before == 100


def test_a_claim_run_ahead_of_pays_the_same_account(funded, stranger, owners):
    """Whoever sends it first: the money goes where it would have gone."""
    block = funded.block(1, {owners[0]: 50})
    before = funded.held(owners[0])
    funded.claim(block, owners[0], stranger)
    with reverts("RewardVaultNothingToClaim", owners[0]):
        funded.claim(block, owners[0], owners[0])
    assert funded.held(owners[0]) - before == 50


def test_a_claim_run_ahead_of_pays_nobody_else(funded, stranger, owners):
    """A signature that is seen on its way cannot be turned to another recipient, nor to another sum."""
    block = funded.block(1, {ALICE.address: 50})
    signature = sign(ALICE, funded.digest(block, ALICE.address, owners[0]))
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, signature)
    later = funded.block(2, {ALICE.address: 50})
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(later, ALICE.address, owners[0], signature)


# Replay


def test_no_claim_serves_in_another_vault(world, funded, owners):
    """A header of another federation: its block is not this one's."""
    other = Escrow.create(world)
    other.fund()
    block = funded.block(1, {owners[0]: 50})
    with reverts("RewardVaultUnknownBlock", 1, block.hash):
        other.claim(block, owners[0])
    other.block(1, {owners[0]: 60})
    with reverts("RewardVaultUnknownBlock", 1, block.hash):
        other.claim(block, owners[0])


def test_no_claim_serves_in_another_round(funded, owners):
    """The header says which round it ended."""
    block = funded.block(1, {owners[0]: 50})
    moved = (*block.header[:2], 2, *block.header[3:])
    funded.block(2, {owners[0]: 50})
    with reverts("RewardVaultUnknownBlock", 2, funded.hash_of(moved)):
        funded.claim(replace(block, header=moved), owners[0])


def test_no_signature_serves_in_another_vault(world, funded, stranger):
    """Not even of the same federation, in the same block, for the same sum."""
    twin = replace(funded, vault=make_vault(world, funded.federation, funded.terms, 5, 4))
    twin.fund()
    block = funded.candidate(1, {ALICE.address: 50})
    for escrow in (funded, twin):
        escrow.tell("onProposed", stranger, 1, block.hash, 50)
    funded.finalize(block)
    twin.tell("onFinalized", 1)
    signature = sign(ALICE, funded.digest(block, ALICE.address, stranger))
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        twin.claim_to(block, ALICE.address, stranger, signature)
    funded.claim_to(block, ALICE.address, stranger, signature)


def test_no_signature_serves_on_another_chain(funded, stranger):
    block = funded.block(1, {ALICE.address: 50})
    elsewhere = claim_to_digest(1, funded.vault.address, ALICE.address, stranger.address, 50, 0)
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, sign(ALICE, elsewhere))


def test_no_signature_serves_after_a_claim(funded, stranger):
    """A plain claim between makes it worthless: what it signed for is paid."""
    block = funded.block(1, {ALICE.address: 50})
    signature = sign(ALICE, funded.digest(block, ALICE.address, stranger))
    funded.claim(block, ALICE.address)
    with reverts("RewardVaultInvalidSignature", ALICE.address):
        funded.claim_to(block, ALICE.address, stranger, signature)


# Tables that lie


def test_an_inner_node_passes_for_no_entry(funded, owners):
    """Y5: leaves are hashed twice, so that 64 bytes of two nodes are no (account, sum)."""
    block = funded.block(1, {owners[0]: 50, owners[1]: 60})
    header, account, amount, (sibling,) = block.entry(owners[0])
    with reverts("RewardVaultInvalidProof", account, int.from_bytes(sibling)):
        funded.vault.claim(header, account, int.from_bytes(sibling), [], {"from": owners[0]})


@pytest.mark.parametrize("sum_", [REQUIRED, 2**128, 2**256 - 1])
def test_no_entry_takes_more_than_was_granted(funded, owners, sum_):
    """Y7: the largest there are; nothing wraps around."""
    first = funded.block(1, {owners[0]: 50})
    funded.claim(first, owners[0])
    block = funded.block(2, {owners[1]: sum_}, total=BUDGET)
    seen = min(50 + sum_, 2**256 - 1)
    with reverts("RewardVaultExceedsGrants", 50 + BUDGET, seen):
        funded.claim(block, owners[1])
    assert funded.held() == REQUIRED - 50


def test_attestations_are_paid_whatever_tables_take(funded, owners):
    """Y3: every budget gone, each miner is still paid for each block."""
    for round in range(1, 6):
        block = funded.block(round, {owners[4]: BUDGET}, proposer=owners[0], attesters=owners[1:4])
    funded.claim(block, owners[4])
    for owner in owners[:4]:
        before = owner.balance()
        funded.vault.claimAttestations(owner, {"from": owners[0]})
        assert owner.balance() - before == 5 * REWARD
    assert funded.held() == 0


def test_the_largest_terms_pay_to_the_last_unit(world, owners, token, requester):
    """Y1: a million rounds of the most that fits; sums of 128 bits do not overflow."""
    per_round = (2**128 - 1) // 1_000_000
    escrow = Escrow.create(world, token=token, rounds=1_000_000, per_round=per_round)
    escrow.fund(per_round * 1_000_000)
    budget = escrow.vault.budget()
    block = escrow.block(1_000_000, {owners[0]: budget}, proposer=owners[1])
    escrow.claim(block, owners[0])
    escrow.vault.claimAttestations(owners[1], {"from": requester})
    reward = escrow.terms.attestation_reward(4)
    assert (escrow.held(owners[0]), escrow.held(owners[1])) == (budget, reward)


# Tokens


def test_a_token_that_returns_false_pays_nothing_and_takes_nothing(world, token, owners, requester):
    """The claim stands for when it works again."""
    escrow = Escrow.create(world, token=token)
    escrow.fund()
    block = escrow.block(1, {owners[0]: 50})
    token.setRefuses(True, {"from": requester})
    with reverts("SafeERC20FailedOperation", token):
        escrow.claim(block, owners[0])
    assert escrow.vault.accountOf(owners[0]) == (0, 0)
    token.setRefuses(False, {"from": requester})
    escrow.claim(block, owners[0])
    assert escrow.held(owners[0]) == 50


def test_a_token_that_takes_a_fee_later_costs_the_receiver_alone(world, token, owners, requester):
    """What the vault owes to others stays."""
    escrow = Escrow.create(world, token=token)
    escrow.fund()
    block = escrow.block(1, {owners[0]: 1_000, owners[1]: 1_000})
    token.setFee(100, {"from": requester})
    escrow.claim(block, owners[0])
    assert escrow.held(owners[0]) == 990
    assert escrow.held() == REQUIRED - 1_000
