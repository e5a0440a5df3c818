"""`onAttested`: given a candidate, when a miner approves it, it is paid once that is the round's block."""

from __future__ import annotations

from support.errors import reverts
from support.rewards import REWARD
from support.scene import names

OTHER = "0x" + "cd" * 32


def earned(escrow, account):
    """What the account has by attestations."""
    return escrow.vault.accountOf(account)[1]


def test_counts_once_the_candidate_is_the_block(funded, owners):
    """Y6."""
    block = funded.candidate(1, {})
    transaction = funded.tell("onAttested", owners[0], 1, block.hash)
    assert names(transaction) == ["AttestationCredited"]
    told = {"account": owners[0].address, "round": 1, "candidate": f"0x{block.hash.hex()}"}
    assert transaction.events["AttestationCredited"] == told
    assert earned(funded, owners[0]) == 0
    funded.finalize(block)
    assert earned(funded, owners[0]) == REWARD
    assert earned(funded, owners[1]) == 0


def test_adds_up_over_rounds(funded, owners):
    """Y6: settled at the next attestation; a skipped round between leaves no trace."""
    funded.block(1, {}, proposer=owners[0], attesters=[owners[1]])
    funded.tell("onAttested", owners[0], 2, OTHER)
    funded.block(3, {}, proposer=owners[1], attesters=[owners[0]])
    funded.tell("onAttested", owners[1], 4, OTHER)
    assert [earned(funded, owner) for owner in owners[:2]] == [2 * REWARD] * 2


def test_a_dropped_candidate_pays_nothing(funded, owners):
    """Y6: who approved it alone."""
    funded.tell("onProposed", owners[0], 1, OTHER, 0)
    funded.tell("onAttested", owners[2], 1, OTHER)
    funded.block(1, {}, proposer=owners[1], attesters=[owners[2]])
    assert [earned(funded, owner) for owner in owners[:3]] == [0, REWARD, REWARD]


def test_another_candidate_of_the_round_takes_its_place(funded, owners):
    """Y6: of a round the one approved last counts."""
    block = funded.candidate(1, {})
    funded.tell("onAttested", owners[0], 1, block.hash)
    funded.tell("onAttested", owners[0], 1, OTHER)
    funded.finalize(block)
    assert earned(funded, owners[0]) == 0


def test_a_block_of_another_round_does_not_count(funded, owners):
    """Y6: not even with the same hash."""
    block = funded.candidate(2, {})
    funded.tell("onAttested", owners[0], 1, block.hash)
    funded.finalize(block)
    assert earned(funded, owners[0]) == 0


def test_reverts_for_anyone_but_the_federation(funded, owners):
    with reverts("RewardVaultOnlyFederation", owners[0]):
        funded.vault.onAttested(owners[0], 1, OTHER, {"from": owners[0]})
