"""The client's hashes are the contracts' (docs/SPECIFICATION.md, R and W1)."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from minerva.protocol.cid import Cid
from minerva.protocol.header import genesis_hash
from minerva.protocol.machine import Claim, pow_seed
from minerva.protocol.merkle import merkle_proof, merkle_root
from minerva.protocol.records import ZERO32, extend_pool, hash_list


def test_genesis_is_the_clients(waiting):
    """R8."""
    expected = genesis_hash(31337, waiting.federation.address, waiting.config.manifest, waiting.config.model)
    assert waiting.federation.genesis() == waiting.state.head == f"0x{expected.hex()}"


def test_pool_and_leaf_are_the_clients(training):
    """R1 and R2: over the extremes of every field."""
    head = ZERO32
    extremes = (
        {"samples": 1, "epochs": 1, "compute_us": 0, "loss_before": 0, "loss_after": 0},
        {
            "samples": 2**32 - 1,
            "epochs": 2**32 - 1,
            "compute_us": 2**64 - 1,
            "loss_before": -(2**63),
            "loss_after": 2**63 - 1,
            "codec": 0x70,
        },
    )
    for number, changes in zip((0, 3), extremes, strict=True):
        training.submit(number, **changes)
        head = extend_pool(head, training.record(number, training.claim(number, **changes)).leaf())
    assert training.miners[0].pool(1)[0] == f"0x{head.hex()}"


def test_updates_root_is_the_clients(training):
    """P2 and R3: an empty pool counts as zero."""
    training.submit(0, 2, 3)
    heads = [bytes(miner.pool(1)[0]) for miner in training.miners]
    assert heads[1] == ZERO32
    training.expire()
    transaction = training.tick()
    assert transaction.events["TrainingClosed"]["updatesRoot"] == f"0x{hash_list(heads).hex()}"


def test_ballots_root_is_the_clients(verification):
    """P3."""
    ballots = [bytes([64 + i, i, 255, 0]) for i in range(3)]
    for owner, ballot in zip(verification.owners, ballots, strict=True):
        transaction = verification.federation.vote(1, verification.state.updatesRoot, ballot, {"from": owner})
    expected = hash_list(map(keccak, ballots))
    assert transaction.events["VerificationClosed"]["ballotsRoot"] == f"0x{expected.hex()}"


def test_seed_is_the_clients(mining):
    """W1."""
    s, miner = mining.state, mining.miners[1].address
    claim = Claim(1, bytes(s.head), bytes(s.updatesRoot), bytes(s.ballotsRoot), miner)
    given = mining.deployed.proof_of_work.seed(
        mining.federation, (1, s.head, s.updatesRoot, s.ballotsRoot, miner, 1, 0, 0b111)
    )
    assert given == f"0x{pow_seed(31337, mining.federation.address, claim).hex()}"


def test_header_hash_is_the_clients(mining):
    """R7."""
    header = mining.header(1, body=Cid(b"\xb0" * 32, 0x70), accepted_root=b"\xac" * 32)
    transaction = mining.propose(1, body=Cid(b"\xb0" * 32, 0x70), accepted_root=b"\xac" * 32)
    assert transaction.events["BlockProposed"]["hash"] == f"0x{header.hash().hex()}"


@pytest.mark.parametrize("count", [1, 2, 3, 8, 13])
def test_merkle_proofs_are_openzeppelins(MockMerkleProof, requester, count):
    """R6: every leaf's proof holds under the root, and no other leaf's does."""
    verifier = MockMerkleProof.deploy({"from": requester})
    leaves = [keccak(text=f"leaf {i}") for i in range(count)]
    root = merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        proof = merkle_proof(leaves, index)
        assert verifier.verify(proof, root, leaf)
        assert not verifier.verify(proof, root, keccak(text="another"))


def test_block_links_to_its_parent(attestation):
    """R7 and P6: the next header's parent is this one's hash."""
    candidate = attestation.state.candidate
    attestation.attest(1)
    assert attestation.state.head == attestation.federation.blockOf(1) == candidate
    assert attestation.state.height == 1
