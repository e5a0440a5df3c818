"""`check`: given a claim, when the nonce's hash is small enough for the calling federation, it passes."""

from __future__ import annotations

from dataclasses import astuple, replace
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from support import puzzle
from support.bulk import address
from support.errors import reverts
from support.puzzle import CLAIM

from minerva.protocol.machine import Claim, meets, pow_seed

HARD = 2**12
"""One nonce in 4,096 meets it."""

claims = st.builds(
    Claim,
    st.integers(0, 2**32 - 1),
    *[st.binary(min_size=32, max_size=32)] * 3,
    st.integers(0, 2**160 - 1).map(address),
)


def nonce_for(federation, difficulty):
    """The least nonce that meets the difficulty."""
    return next(n for n in count() if puzzle.hardest(federation, CLAIM, n) >= difficulty)


@settings(max_examples=25)
@puzzle.given(claim=claims, nonce=st.integers(0, 2**256 - 1))
def test_passes_up_to_the_target_and_no_further(deployed, claim, nonce):
    """W1: hash ≤ (2^256 − 1) / difficulty, exactly."""
    module = deployed.proof_of_work
    for extra in (0, 1):
        federation = puzzle.fresh(module)
        difficulty = puzzle.hardest(federation, claim, nonce) + extra
        puzzle.configure(module, federation, difficulty)
        assert meets(pow_seed(puzzle.CHAIN_ID, federation, claim), nonce, difficulty) == (not extra)
        if extra:
            with reverts("ConsensusInvalidProof", claim.round, claim.miner):
                puzzle.check(module, federation, claim, nonce)
        else:
            puzzle.check(module, federation, claim, nonce)


def test_passes_for_any_nonce_at_difficulty_one(deployed):
    federation = puzzle.fresh(deployed.proof_of_work, 1)
    for nonce in (0, 1, 2**256 - 1):
        puzzle.check(deployed.proof_of_work, federation, CLAIM, nonce)


@pytest.mark.parametrize(
    "changes",
    [
        {"miner": address(0x78)},
        {"round": CLAIM.round + 1},
        {"round": CLAIM.round - 1},
        {"parent": b"\xab" * 32},
        {"updates_root": b"\xbc" * 32},
        {"ballots_root": b"\xcd" * 32},
        {"updates_root": CLAIM.ballots_root, "ballots_root": CLAIM.updates_root},
    ],
)
def test_reverts_when_the_nonce_is_for_another_claim(deployed, changes):
    """W1: another miner's, round's, parent's, set of updates' or ballots'."""
    module, other = deployed.proof_of_work, replace(CLAIM, **changes)
    federation = puzzle.fresh(module)
    # A nonce that meets the one but not the other, so that the test never passes or fails by chance.
    nonce = next(
        n
        for n in count()
        if puzzle.hardest(federation, CLAIM, n) >= 64 > puzzle.hardest(federation, other, n)
    )
    puzzle.configure(module, federation, 64)
    puzzle.check(module, federation, CLAIM, nonce)
    with reverts("ConsensusInvalidProof", other.round, other.miner):
        puzzle.check(module, federation, other, nonce)


def test_reverts_when_the_nonce_is_for_another_federation(deployed):
    """W1."""
    module = deployed.proof_of_work
    one, other = puzzle.fresh(module, 64), puzzle.fresh(module, 64)
    nonce = next(n for n in count() if puzzle.hardest(one, CLAIM, n) >= 64 > puzzle.hardest(other, CLAIM, n))
    puzzle.check(module, one, CLAIM, nonce)
    with reverts("ConsensusInvalidProof", CLAIM.round, CLAIM.miner):
        puzzle.check(module, other, CLAIM, nonce)


def test_reverts_when_the_nonce_is_wrong(deployed):
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, HARD)
    right = nonce_for(federation, HARD)
    puzzle.check(module, federation, CLAIM, right)
    for nonce in (right - 1, right + 1, 2**256 - 1):
        assert puzzle.hardest(federation, CLAIM, nonce) < HARD
        with reverts("ConsensusInvalidProof", CLAIM.round, CLAIM.miner):
            puzzle.check(module, federation, CLAIM, nonce)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_reverts_when_the_proof_is_not_32_bytes_long(deployed, length):
    """E5: at difficulty 1, where any 32 bytes would do."""
    federation = puzzle.fresh(deployed.proof_of_work, 1)
    with reverts("ConsensusInvalidProof", CLAIM.round, CLAIM.miner):
        deployed.proof_of_work.propose(astuple(CLAIM), b"\x00" * length, [], {"from": federation})


def test_goes_by_the_present_difficulty(deployed):
    """W3: a nonce found at the former difficulty is not enough once it rose."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, 64, target_seconds=100)
    nonce = next(n for n in count() if 64 <= puzzle.hardest(federation, CLAIM, n) < 256)
    puzzle.check(module, federation, CLAIM, nonce)
    assert puzzle.finalize(module, federation, 1) == 256
    with reverts("ConsensusInvalidProof", CLAIM.round, CLAIM.miner):
        puzzle.check(module, federation, CLAIM, nonce)
    puzzle.check(module, federation, CLAIM, nonce_for(federation, 256))


def test_reverts_when_not_configured(deployed, stranger):
    """Before it looks at the proof."""
    with reverts("ConsensusNotConfigured", stranger):
        puzzle.check(deployed.proof_of_work, stranger.address, CLAIM, 0)


def test_reverts_when_the_header_brings_weights(deployed):
    """K7: in proof of work everybody weighs one."""
    federation = puzzle.fresh(deployed.proof_of_work, 1)
    with reverts("ConsensusInvalidWeights", (1,)):
        deployed.proof_of_work.propose(astuple(CLAIM), bytes(32), [1], {"from": federation})
