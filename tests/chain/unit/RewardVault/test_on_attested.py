"""`onAttested`: given a candidate, when a miner approves it, it is paid once that is the round's block."""

from __future__ import annotations

from support.errors import reverts
from support.rewards import REWARD, Escrow
from support.scene import names

OTHER = "0x" + "cd" * 32


def earned(escrow, account):
    """What the account has by attestations."""
    return escrow.vault.accountOf(account)[1]


def test_counts_once_the_candidate_is_the_block(funded, owners):
    """Y6."""
    block = funded.candidate(1, {})
    funded.tell("onProposed", owners[0], 1, block.hash, 0)
    transaction = funded.tell("onAttested", owners[1], 1, block.hash)
    assert names(transaction) == ["AttestationCredited"]
    told = {"account": owners[1].address, "round": 1, "candidate": f"0x{block.hash.hex()}"}
    assert transaction.events["AttestationCredited"] == told
    assert earned(funded, owners[1]) == 0
    funded.finalize(block)
    assert [earned(funded, owner) for owner in owners[:3]] == [REWARD, REWARD, 0]


def test_adds_up_over_rounds(funded, owners):
    """Y6: settled at the next attestation; a skipped round between leaves no trace."""
    funded.block(1, {}, proposer=owners[0], attesters=[owners[1]])
    funded.tell("onProposed", owners[0], 2, OTHER, 0)
    funded.block(3, {}, proposer=owners[1], attesters=[owners[0]])
    funded.tell("onProposed", owners[1], 4, OTHER, 0)
    assert [earned(funded, owner) for owner in owners[:2]] == [2 * REWARD] * 2


def test_adds_up_over_more_blocks_than_a_word_has_bits(world, owners):
    """Y6: every 60th of 300 candidates becomes a block, with another attester in each."""
    escrow = Escrow.create(world, rounds=300)
    escrow.fund(300 * 10_000)
    for round in range(1, 301):
        if round % 60:
            escrow.tell("onProposed", owners[0], round, OTHER, 0)
        else:
            escrow.block(round, {}, proposer=owners[0], attesters=[owners[round // 60]])
    assert [earned(escrow, owner) for owner in owners[:6]] == [5 * REWARD] + [REWARD] * 5


def test_a_dropped_candidate_pays_nothing(funded, owners):
    """Y6: who approved it alone."""
    funded.tell("onProposed", owners[0], 1, OTHER, 0)
    funded.tell("onAttested", owners[2], 1, OTHER)
    funded.block(1, {}, proposer=owners[1], attesters=[owners[2]])
    assert [earned(funded, owner) for owner in owners[:3]] == [0, REWARD, REWARD]


def test_a_candidate_that_is_proposed_again_is_another(funded, owners):
    """Y6: who approved it before it was dropped, and not after, gets nothing, though its hash is the same."""
    block = funded.candidate(1, {})
    funded.tell("onProposed", owners[0], 1, block.hash, 0)
    funded.tell("onAttested", owners[1], 1, block.hash)
    funded.block(1, {}, proposer=owners[0])
    assert [earned(funded, owner) for owner in owners[:2]] == [REWARD, 0]


def test_reverts_for_anyone_but_the_federation(funded, owners):
    with reverts("RewardVaultOnlyFederation", owners[0]):
        funded.vault.onAttested(owners[0], 1, OTHER, {"from": owners[0]})
