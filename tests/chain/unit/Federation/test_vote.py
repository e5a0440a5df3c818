"""`vote`: given the updates of a round, when a miner of the snapshot votes, its ballot is final."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from support import clock
from support.errors import reverts
from support.scene import names

from minerva.protocol.state import Phase, Status

NOTHING = "0x" + "0" * 64


def test_casts_the_ballot(verification):
    """P3 and R4: the event carries the bytes, the contract keeps their hash."""
    root, ballot = verification.state.updatesRoot, bytes([255, 64, 3, 0])
    transaction = verification.federation.vote(1, root, ballot, {"from": verification.owners[1]})
    assert names(transaction) == ["BallotCast"]
    assert transaction.events["BallotCast"] == {
        "round": 1,
        "index": 1,
        "updatesRoot": root,
        "verdicts": f"0x{ballot.hex()}",
    }
    assert verification.state.voted == 0b010
    assert verification.federation.ballotOf(1) == f"0x{keccak(ballot).hex()}"
    assert verification.federation.ballotOf(0) == NOTHING


def test_the_last_ballot_closes_verification(verification):
    """P3."""
    verification.vote(2, 0)
    start = clock.now() + 4
    clock.next_block_at(start)
    transaction = verification.vote(1)
    assert names(transaction) == ["BallotCast", "VerificationClosed"]
    closed = transaction.events["VerificationClosed"]
    assert (closed["voted"], closed["absent"], closed["deadline"]) == (0b111, 0, start + 500)
    s = verification.state
    assert (s.phase, s.deadline, s.dormant) == (Phase.MINING, start + 500, 0)


def test_first_closes_training(training):
    """P7: nobody needs `tick` on the fast path."""
    training.submit(0, 1, 2, 3)
    ballot = (1, training.updates_root(), b"\xff" * 4)
    transaction = training.federation.vote(*ballot, {"from": training.owners[0]})
    assert names(transaction) == ["TrainingClosed", "BallotCast"]
    assert (training.state.phase, training.state.voted) == (Phase.VERIFICATION, 0b001)


def test_first_extends_verification(verification):
    """P7: it comes too late, below a quorum, and counts in the extension."""
    verification.expire()
    assert names(verification.vote(0)) == ["PhaseExtended", "BallotCast"]


def test_forgets_the_ballots_of_the_round_before(mining):
    """E6."""
    mining.propose(0)
    mining.attest(1)
    assert mining.state.round == 2
    assert [mining.federation.ballotOf(i) for i in range(3)] == [NOTHING] * 3


def test_takes_a_ballot_over_many_updates(verification):
    assert verification.vote(0, byte=0).events["BallotCast"]["verdicts"] == "0x00000000"


def test_reverts_when_voted_already(verification):
    verification.vote(1)
    with reverts("FederationAlreadyVoted", 1, 1):
        verification.federation.vote(1, b"\x01" * 32, b"", {"from": verification.owners[1]})


def test_reverts_when_the_updates_are_others(verification):
    """P11: after AlreadyVoted, before the length."""
    root = bytes(verification.state.updatesRoot)
    with reverts("FederationUnexpectedUpdatesRoot", root, b"\x01" * 32):
        verification.federation.vote(1, b"\x01" * 32, b"", {"from": verification.owners[1]})


@pytest.mark.parametrize("length", [0, 3, 5])
def test_reverts_when_the_length_is_another(verification, length):
    ballot = (1, verification.state.updatesRoot, bytes(length))
    with reverts("FederationBallotLength", 4, length):
        verification.federation.vote(*ballot, {"from": verification.owners[1]})


@pytest.mark.parametrize("round", [0, 2])
def test_reverts_when_the_round_is_another(verification, round):
    """P8."""
    with reverts("FederationUnexpectedRound", 1, round):
        verification.federation.vote(round, NOTHING, b"", {"from": verification.owners[0]})


@pytest.mark.parametrize("scene, phase", [("training", 1), ("mining", 3), ("attestation", 4)])
def test_reverts_when_the_phase_is_another(scenes, scene, phase):
    """P8."""
    scene = scenes[scene]
    with reverts("FederationUnexpectedPhase", 1, phase, Phase.VERIFICATION):
        scene.federation.vote(1, NOTHING, b"", {"from": scene.owners[0]})


def test_reverts_when_it_comes_after_the_quorums_deadline(verification):
    """P7 and P11: what is due comes first, and then it is Mining."""
    verification.vote(0, 1)
    verification.expire()
    with reverts("FederationUnexpectedPhase", 1, Phase.MINING, Phase.VERIFICATION):
        verification.vote(2)


def test_reverts_when_a_new_round_opened_on_the_way(training):
    """P11: the round is checked again."""
    training.expire()
    training.tick()
    training.expire()
    with reverts("FederationUnexpectedRound", 2, 1):
        training.federation.vote(1, NOTHING, b"", {"from": training.owners[0]})


def test_reverts_when_the_caller_owns_no_miner(verification, stranger):
    with reverts("FederationNotInSnapshot", stranger, 1):
        verification.federation.vote(1, NOTHING, b"", {"from": stranger})


def test_reverts_when_the_miner_joined_later(verification, deployed, stranger):
    """M1."""
    deployed.factory.createMiner(verification.federation, "", b"", {"from": stranger})
    with reverts("FederationNotInSnapshot", stranger, 1):
        verification.federation.vote(1, NOTHING, b"", {"from": stranger})


@pytest.mark.parametrize("status", [Status.WAITING, Status.PAUSED, Status.CLOSED])
def test_reverts_when_not_running(waiting, requester, status):
    """E4 and P11: the status before the round."""
    if status is Status.PAUSED:
        waiting.federation.pause({"from": requester})
    if status is Status.CLOSED:
        waiting.federation.close({"from": requester})
    with reverts("FederationUnexpectedStatus", status):
        waiting.federation.vote(7, NOTHING, b"", {"from": waiting.owners[0]})
