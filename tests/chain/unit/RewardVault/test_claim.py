"""`claim`: given a block whose table has the account, when anyone claims for it, it is paid what it has not got."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.rewards import BUDGET, REWARD, Escrow, header_of
from support.scene import names


def test_pays_the_account(paying, owners, devices, stranger):
    """Y7: whoever asks."""
    block = paying.block(1, {devices[0]: 300, owners[0]: 40, owners[1]: 5})
    before = paying.held(devices[0])
    transaction = paying.claim(block, devices[0], stranger)
    assert paying.held(devices[0]) - before == 300
    assert names(transaction)[0] == "RewardsClaimed"
    assert transaction.events["RewardsClaimed"] == {
        "account": devices[0].address,
        "to": devices[0].address,
        "byTable": 300,
        "byAttestations": 0,
    }
    assert paying.vault.accountOf(devices[0]) == (300, 0)


def test_a_later_block_pays_the_later_rounds(paying, devices):
    """Y7: the rounds between included."""
    blocks = [paying.block(round, {devices[0]: 100, devices[1]: 1}) for round in (1, 2, 4)]
    before = paying.held(devices[0])
    paying.claim(blocks[0], devices[0])
    paying.claim(blocks[2], devices[0])
    assert paying.held(devices[0]) - before == 300


def test_any_block_serves_for_ever(funded, devices):
    """Y7: also one that has followers."""
    blocks = [funded.block(round, {devices[0]: 100}) for round in (1, 2, 3)]
    funded.claim(blocks[0], devices[0])
    funded.claim(blocks[1], devices[0])
    assert funded.vault.accountOf(devices[0]) == (200, 0)


def test_pays_the_attestations_along(paying, owners):
    """Y7: those of final blocks."""
    paying.block(1, {}, proposer=owners[0])
    block = paying.block(2, {owners[0]: 7}, attesters=[owners[0]])
    before = paying.held(owners[0])
    transaction = paying.claim(block, owners[0])
    assert paying.held(owners[0]) - before == 7 + 2 * REWARD
    assert transaction.events["RewardsClaimed"]["byAttestations"] == 2 * REWARD


def test_pays_new_attestations_on_an_old_block(funded, owners):
    """Y7: though the table has nothing new."""
    block = funded.block(1, {owners[0]: 7})
    funded.claim(block, owners[0])
    funded.block(2, {}, proposer=owners[0])
    before = funded.held(owners[0])
    funded.claim(block, owners[0])
    assert funded.held(owners[0]) - before == REWARD


def test_an_attestation_in_a_running_round_stays_for_later(funded, owners):
    """Y6: a claim before the block is there does not lose it."""
    first = funded.block(1, {owners[0]: 7}, proposer=owners[0])
    second = funded.candidate(2, {})
    funded.tell("onProposed", owners[0], 2, second.hash, 0)
    funded.claim(first, owners[0])
    assert funded.vault.accountOf(owners[0]) == (7, 0)
    funded.finalize(second)
    assert funded.vault.accountOf(owners[0]) == (7, REWARD)


def test_everybody_is_paid_to_the_last_unit(paying, owners, devices):
    """All budgets and attestations of all rounds: the vault is empty after it."""
    for round in range(1, 6):
        grants = {device: 797 for device in devices} | {owners[0]: 30}
        block = paying.block(round, grants, proposer=owners[0], attesters=owners[1:4])
    for account in (*devices, owners[0]):
        paying.claim(block, account)
    for owner in owners[1:4]:
        paying.vault.claimAttestations(owner, {"from": owner})
    assert paying.held() == 0


def test_reverts_when_nothing_is_left(funded, devices):
    """Y7: the same block twice, or an older one."""
    old = funded.block(1, {devices[0]: 100})
    block = funded.block(2, {devices[0]: 100})
    funded.claim(block, devices[0])
    for spent in (block, old):
        with reverts("RewardVaultNothingToClaim", devices[0]):
            funded.claim(spent, devices[0])


def test_reverts_when_the_round_has_no_such_block(funded, devices):
    """Y7: dropped, skipped, of a round to come, of round 0."""
    block = funded.candidate(1, {devices[0]: 100})
    with reverts("RewardVaultUnknownBlock", 1, block.hash):
        funded.claim(block, devices[0])
    funded.block(1, {devices[0]: 50})
    with reverts("RewardVaultUnknownBlock", 1, block.hash):
        funded.claim(block, devices[0])
    header = header_of(0, block.table.root, 100)
    with reverts("RewardVaultUnknownBlock", 0, funded.hash_of(header)):
        funded.vault.claim(header, *block.entry(devices[0])[1:], {"from": devices[0]})


@pytest.mark.parametrize("field", range(13))
def test_reverts_when_a_field_of_the_header_is_another(funded, devices, field):
    """R7: the hash binds them all."""
    block = funded.block(1, {devices[0]: 100})
    header = list(block.header)
    changed = {
        0: 9, 2: 2, 6: (b"\x01" * 32, 0x55), 7: (b"\x01" * 32, 0x55), 9: 99, 10: [1, 2, 3],
        11: "0x" + "78" * 20, 12: b"",
    }  # fmt: skip
    header[field] = changed.get(field, b"\x01" * 32)
    hash = funded.hash_of(tuple(header))
    with reverts("RewardVaultUnknownBlock", header[2], hash):
        funded.vault.claim(tuple(header), *block.entry(devices[0])[1:], {"from": devices[0]})


def test_reverts_when_the_proof_is_wrong(funded, devices, stranger):
    """Y5: another account's, another sum, too short, too long, none."""
    block = funded.block(1, {devices[0]: 100, devices[1]: 200, devices[2]: 300})
    header, account, amount, proof = block.entry(devices[0])
    other = block.entry(devices[1])[3]
    for who, sum_, path in (
        (account, amount, other),
        (account, amount + 1, proof),
        (account, 2**256 - 1, proof),
        (stranger.address, amount, proof),
        (account, amount, proof[:-1]),
        (account, amount, [*proof, proof[0]]),
        (account, amount, []),
    ):
        with reverts("RewardVaultInvalidProof", who, sum_):
            funded.vault.claim(header, who, sum_, path, {"from": stranger})


def test_reverts_when_blocks_granted_less(funded, devices):
    """Y7: the table lies, its total does not."""
    block = funded.block(1, {devices[0]: 5_000, devices[1]: 5_000}, total=BUDGET)
    funded.claim(block, devices[0])
    with reverts("RewardVaultExceedsGrants", BUDGET, 10_000):
        funded.claim(block, devices[1])
    funded.block(2, {}, total=2_000)
    funded.claim(block, devices[1])


def test_ends_with_the_claim_period(funded, owners, devices):
    """Y8: the last second included."""
    block = funded.block(1, {devices[0]: 100, devices[1]: 100})
    until = funded.close()
    clock.next_block_at(until - 1)
    funded.claim(block, devices[0])
    clock.next_block_at(until)
    with reverts("RewardVaultOver", until):
        funded.claim(block, devices[1])


def test_reverts_when_the_receiver_refuses(world, MockRecipient, requester):
    account = MockRecipient.deploy({"from": requester})
    account.setRefuses(True, {"from": requester})
    escrow = Escrow.create(world)
    escrow.fund()
    block = escrow.block(1, {account: 100})
    with reverts("RewardVaultTransferFailed", account, 100):
        escrow.claim(block, account)
    account.setRefuses(False, {"from": requester})
    escrow.claim(block, account)
    assert account.balance() == 100
