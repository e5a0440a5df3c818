"""`propose`: given the ballots, when a miner has the proof, its candidate is what the others attest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import clock
from support.errors import reverts
from support.scene import Scene, names, plain

from minerva.protocol.cid import Cid
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.records import ZERO32, hash_list
from minerva.protocol.state import Phase, Status

NOTHING = "0x" + "0" * 64


def test_opens_attestation(mining):
    """P4 and P5: proposing counts as approving."""
    header = mining.header(1)
    start = clock.now() + 6
    clock.next_block_at(start)
    transaction = mining.propose(1)
    assert names(transaction) == ["BlockProposed"]
    proposed = transaction.events["BlockProposed"]
    assert (proposed["round"], proposed["index"], proposed["deadline"]) == (1, 1, start + 400)
    given = proposed["header"]
    assert given["body"] == (f"0x{header.body.digest.hex()}", header.body.codec)
    assert given["proof"] == f"0x{header.proof.hex()}"
    s = mining.state
    assert (s.phase, s.deadline, s.proposer) == (Phase.ATTESTATION, start + 400, 1)
    assert (s.candidate, s.approvals, s.rejections) == (f"0x{header.hash().hex()}", 0b010, 0)
    assert mining.federation.blockOf(1) == NOTHING


def test_finalises_where_the_proposer_is_alone(deployed, requester, owners, devices):
    """P5: a snapshot of one miner."""
    scene = Scene.create(deployed, requester, min_miners=1, min_devices=1, min_updates=1)
    scene.join(owners[0])
    scene.register(devices[0])
    scene.tick()
    scene.close_training()
    scene.vote_all()
    transaction = scene.propose(0)
    assert names(transaction) == ["BlockProposed", "BlockFinalized", "DifficultyChanged", "RoundOpened"]
    assert transaction.events["BlockFinalized"]["approvals"] == 0b1


def test_first_closes_verification(verification):
    """P7: at the deadline with a quorum."""
    verification.vote(0, 1)
    ballots = [bytes(verification.federation.ballotOf(i)) for i in range(2)] + [ZERO32]
    header = verification.header(0, ballots_root=hash_list(ballots), proof=b"")
    header = replace(header, proof=verification.proof(header))
    verification.expire()
    transaction = verification.federation.propose(plain(header), {"from": verification.owners[0]})
    assert names(transaction) == ["VerificationClosed", "BlockProposed"]


def test_first_reopens_mining(mining):
    """P7: too late, it is judged by the easier proof of the phase that starts again."""
    mining.expire()
    assert names(mining.propose(0)) == ["DifficultyChanged", "MiningReopened", "BlockProposed"]


def test_wakes_a_dormant_miner(verification):
    """M3 and E1."""
    verification.vote(0, 1)
    verification.expire()
    verification.tick()
    transaction = verification.propose(2)
    assert names(transaction) == ["MinerReturned", "BlockProposed"]
    assert verification.state.dormant == 0


def test_a_dropped_proposer_may_propose_again(attestation):
    """P5: time-outs bar nobody."""
    attestation.expire()
    attestation.tick()
    attestation.propose(0)
    assert attestation.state.phase == Phase.ATTESTATION


def test_reverts_when_barred(attestation):
    """P5: after a rejection; another miner may."""
    attestation.attest(1, 2, approve=False)
    assert attestation.state.barred == 0b001
    with reverts("FederationProposerBarred", 1, 0):
        attestation.propose(0)
    attestation.propose(1)


@pytest.mark.parametrize(
    "field, changes",
    [
        (0, {"number": 2}),
        (1, {"parent": b"\x01" * 32}),
        (3, {"updates_root": b"\x01" * 32}),
        (4, {"ballots_root": b"\x01" * 32}),
        (8, {"rewards_root": b"\x01" * 32}),
        (9, {"rewards_total": 1}),
    ],
)
def test_reverts_when_the_header_is_not_what_the_chain_says(mining, field, changes):
    """P11."""
    with reverts("FederationHeaderMismatch", field):
        mining.federation.propose(plain(mining.header(0, **changes)), {"from": mining.owners[0]})


@pytest.mark.parametrize("field", [6, 7])
@pytest.mark.parametrize("codec", [0, 0x71])
def test_reverts_when_a_codec_is_none(mining, field, codec):
    """P11: the body's, the model's."""
    header = list(plain(mining.header(0)))
    header[field] = (header[field][0], codec)
    with reverts("FederationHeaderMismatch", field):
        mining.federation.propose(tuple(header), {"from": mining.owners[0]})


@pytest.mark.parametrize("proposer", ["the owner", "another miner"])
def test_reverts_when_the_proposer_is_another(mining, proposer):
    """R9 and P11: the header names the miner's contract."""
    account = mining.owners[0] if proposer == "the owner" else mining.miners[1]
    with reverts("FederationHeaderMismatch", 11):
        mining.propose(0, proposer=account.address)


def test_reverts_at_the_first_field(mining):
    """P11: in order."""
    with reverts("FederationHeaderMismatch", 1):
        mining.propose(0, parent=b"\x01" * 32, updates_root=b"\x02" * 32, proposer=mining.owners[0].address)


def test_takes_any_accepted_root_and_both_codecs(mining):
    """P11: field 5 is free."""
    cid = Cid(b"\xcd" * 32, 0x70)
    mining.propose(0, accepted_root=bytes(32), body=cid, model=cid)
    mining.attest(1)
    assert tuple(mining.state.model.values()) == (f"0x{cid.digest.hex()}", cid.codec)


@pytest.mark.parametrize("proof", [b"", b"\x00" * 31, b"\x00" * 64])
def test_reverts_when_the_proof_is_none(mining, proof):
    """W1."""
    with reverts("ConsensusInvalidProof", 1, mining.miners[0]):
        mining.propose(0, proof=proof)


def test_reverts_when_the_proof_is_another_miners(mining):
    """W1: nobody can propose with somebody else's nonce, but by chance."""
    s = mining.state
    claim = Claim(1, bytes(s.head), bytes(s.updatesRoot), bytes(s.ballotsRoot), mining.miners[0].address)
    seed = pow_seed(31337, mining.federation.address, claim)
    foreign = next(n for n in range(1000) if not meets(seed, n, 4))
    with reverts("ConsensusInvalidProof", 1, mining.miners[0]):
        mining.propose(0, proof=foreign.to_bytes(32, "big"))


@pytest.mark.parametrize("scene, phase", [("training", 1), ("verification", 2), ("attestation", 4)])
def test_reverts_when_the_phase_is_another(scenes, scene, phase):
    """P8."""
    scene = scenes[scene]
    with reverts("FederationUnexpectedPhase", 1, phase, Phase.MINING):
        scene.propose(0, proof=b"")


def test_reverts_when_the_round_is_another(mining):
    """P8."""
    with reverts("FederationUnexpectedRound", 1, 2):
        mining.propose(0, round=2)


def test_reverts_when_the_caller_owns_no_miner(mining, stranger):
    with reverts("FederationNotInSnapshot", stranger, 1):
        mining.federation.propose(plain(mining.header(0)), {"from": stranger})


def test_reverts_when_waiting(waiting):
    """E4."""
    with reverts("FederationUnexpectedStatus", Status.WAITING):
        waiting.propose(0, proof=b"")
