"""`difficulty`: given a federation, how many hashes its next nonce is expected to take."""

from __future__ import annotations

from eth_abi import encode
from support import clock


def test_is_zero_for_strangers(deployed, stranger):
    assert deployed.proof_of_work.difficulty(stranger) == 0


def test_is_the_configured_one_at_first(waiting):
    assert waiting.deployed.proof_of_work.difficulty(waiting.federation) == 4


def test_follows_the_blocks_of_its_federation(make, attestation):
    """W3: 4 expected hashes and 1000 seconds wanted, 400 seconds taken from Mining's opening to the candidate."""
    scene = make(consensus_parameters=encode(["uint64", "uint32"], [4, 1000]))
    for step in (scene.tick, scene.close_training, scene.vote_all):
        step()
    module = scene.deployed.proof_of_work
    clock.next_block_at(scene.state.deadline - scene.config.mining_seconds + 400)
    scene.propose(0)
    assert module.difficulty(scene.federation) == 4
    clock.next_block_at(clock.now() + 30)
    transaction = scene.attest(1)
    assert module.difficulty(scene.federation) == 10
    assert transaction.events["DifficultyChanged"] == {
        "federation": scene.federation.address,
        "round": 1,
        "difficulty": 10,
    }
    assert module.difficulty(attestation.federation) == 4


def test_names_the_module(deployed):
    assert deployed.proof_of_work.name() == "pow"
