"""`difficulty`: given a federation, how many hashes its next nonce is expected to take."""

from __future__ import annotations

from support import clock


def test_is_zero_for_strangers(deployed, stranger):
    assert deployed.proof_of_work.difficulty(stranger) == 0


def test_is_the_configured_one_at_first(waiting):
    assert waiting.deployed.proof_of_work.difficulty(waiting.federation) == 4


def test_follows_the_blocks_of_its_federation(mining, attestation):
    """W3: 4 expected hashes and 10 seconds wanted, 4 seconds taken from Mining's opening to the candidate."""
    module = mining.deployed.proof_of_work
    clock.next_block_at(mining.state.deadline - mining.config.mining_seconds + 4)
    mining.propose(0)
    assert module.difficulty(mining.federation) == 4
    clock.next_block_at(clock.now() + 30)
    transaction = mining.attest(1)
    assert module.difficulty(mining.federation) == 10
    assert transaction.events["DifficultyChanged"] == {
        "federation": mining.federation.address,
        "round": 1,
        "difficulty": 10,
    }
    assert module.difficulty(attestation.federation) == 4


def test_names_the_module(deployed):
    assert deployed.proof_of_work.name() == "pow"
