"""`seed`: given a claim, what a nonce is hashed with; another one for whatever is another."""

from __future__ import annotations

from dataclasses import astuple, replace

from hypothesis import settings
from hypothesis import strategies as st
from support import puzzle
from support.bulk import address
from support.puzzle import CLAIM

from minerva.protocol.machine import Claim, pow_seed

words = st.binary(min_size=32, max_size=32)
addresses = st.integers(0, 2**160 - 1).map(address)


@settings(max_examples=50)
@puzzle.given(
    federation=addresses,
    claim=st.builds(Claim, st.integers(0, 2**32 - 1), words, words, words, addresses),
)
def test_is_the_clients(deployed, federation, claim):
    """W1."""
    given = deployed.proof_of_work.seed(federation, astuple(claim))
    assert given == f"0x{pow_seed(puzzle.CHAIN_ID, federation, claim).hex()}"


def test_holds_all_that_a_proof_is_bound_to(deployed):
    """W1: a nonce is worth nothing for anything else."""
    others = [
        replace(CLAIM, round=8),
        replace(CLAIM, parent=b"\xab" * 32),
        replace(CLAIM, updates_root=b"\xbc" * 32),
        replace(CLAIM, ballots_root=b"\xcd" * 32),
        replace(CLAIM, miner=address(0x78)),
        replace(CLAIM, updates_root=CLAIM.ballots_root, ballots_root=CLAIM.updates_root),
    ]
    seeds = [deployed.proof_of_work.seed(address(1), astuple(claim)) for claim in (CLAIM, *others)]
    seeds.append(deployed.proof_of_work.seed(address(2), astuple(CLAIM)))
    assert len({str(seed) for seed in seeds}) == len(seeds)
