"""`attest`: given a candidate, when the miners of the snapshot agree or not, a majority decides."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names

from minerva.protocol.state import Drop, Phase, Status

NOTHING = "0x" + "0" * 64


def test_a_majority_finalises_and_opens_the_next_round(attestation):
    """P5 and P6."""
    candidate = attestation.state.candidate
    transaction = attestation.attest(2)
    assert names(transaction) == ["Attested", "BlockFinalized", "DifficultyChanged", "RoundOpened"]
    assert transaction.events["Attested"] == {"round": 1, "index": 2, "hash": candidate, "approve": True}
    assert transaction.events["BlockFinalized"] == {
        "round": 1,
        "number": 1,
        "hash": candidate,
        "approvals": 0b101,
    }
    s = attestation.state
    assert (s.status, s.phase, s.round, s.height, s.head) == (Status.RUNNING, Phase.TRAINING, 2, 1, candidate)
    assert (s.candidate, s.approvals, s.voted, s.updates, s.updatesRoot) == (NOTHING, 0, 0, 0, NOTHING)
    assert (attestation.federation.phase(1), attestation.federation.phase(2)) == (
        Phase.FINALIZED,
        Phase.TRAINING,
    )
    assert attestation.federation.blockOf(1) == candidate


def test_below_a_majority_nothing_is_decided(make):
    """P5: two of four."""
    scene = make(miners=4)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    assert names(scene.attest(1)) == ["Attested"]
    assert (scene.state.phase, scene.state.approvals) == (Phase.ATTESTATION, 0b0011)
    scene.attest(2)
    assert scene.state.height == 1


def test_a_majority_of_rejections_drops_and_bars(attestation):
    """P5."""
    candidate = attestation.state.candidate
    assert names(attestation.attest(1, approve=False)) == ["Attested"]
    transaction = attestation.attest(2, approve=False)
    assert names(transaction) == ["Attested", "CandidateDropped", "MiningReopened"]
    assert transaction.events["CandidateDropped"] == {
        "round": 1,
        "index": 0,
        "hash": candidate,
        "reason": Drop.REJECTED,
    }
    s = attestation.state
    assert (s.phase, s.barred, s.candidates, s.candidate) == (Phase.MINING, 0b001, 1, NOTHING)


def test_a_draw_drops_as_undecided(make):
    """P5: two against two; nobody is barred."""
    scene = make(miners=4)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    scene.propose(3)
    scene.attest(0)
    scene.attest(1, approve=False)
    transaction = scene.attest(2, approve=False)
    assert names(transaction) == ["Attested", "CandidateDropped", "MiningReopened"]
    assert transaction.events["CandidateDropped"]["reason"] == Drop.UNDECIDED
    assert (scene.state.barred, scene.state.candidates) == (0, 1)


def test_skips_after_max_candidates(attestation):
    """P5."""
    attestation.attest(1, 2, approve=False)
    attestation.propose(1)
    transaction = attestation.attest(0, 2, approve=False)
    assert names(transaction) == ["Attested", "CandidateDropped", "RoundSkipped", "RoundOpened"]
    assert transaction.events["RoundSkipped"] == {"round": 1, "phase": Phase.ATTESTATION}
    s = attestation.state
    assert (s.round, s.height, s.barred, s.candidates) == (2, 0, 0, 0)


def test_skips_when_all_are_barred(make):
    """P5: before maxCandidates is reached."""
    scene = make(max_candidates=64)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    for proposer in range(3):
        scene.propose(proposer)
        transaction = scene.attest(*({0, 1, 2} - {proposer}), approve=False)
    assert names(transaction)[-2:] == ["RoundSkipped", "RoundOpened"]


def test_a_later_candidate_finalises(attestation):
    """P5 and P6: after a drop."""
    attestation.attest(1, 2, approve=False)
    attestation.propose(2)
    attestation.attest(0)
    assert attestation.state.height == 1


def test_wakes_a_dormant_miner(verification):
    """M3 and E1."""
    verification.vote(0, 1)
    verification.expire()
    verification.tick()
    verification.propose(0)
    assert names(verification.attest(2))[:2] == ["MinerReturned", "Attested"]
    assert verification.state.snapshot == 0b111


def test_the_last_round_closes(make):
    """P6 and E6: what the round left stays to be seen."""
    scene = make(rounds=1)
    scene.tick()
    transaction = scene.finish_round()
    assert names(transaction)[-1] == "FederationClosed"
    s = scene.state
    assert (s.status, s.phase, s.height) == (Status.CLOSED, Phase.FINALIZED, 1)
    assert s.candidate == s.head == scene.federation.blockOf(1)
    assert (s.updates, s.voted, s.approvals) == (4, 0b111, 0b011)
    assert s.updatesRoot != NOTHING and s.ballotsRoot != NOTHING


def test_waits_when_the_next_round_cannot_open(attestation):
    """P1 and P6: only one miner stays."""
    for owner in attestation.owners[:2]:
        attestation.federation.leave({"from": owner})
    transaction = attestation.attest(1)
    assert names(transaction)[-1] == "DifficultyChanged"
    s = attestation.state
    assert (s.status, s.phase, s.round, s.members) == (Status.WAITING, Phase.FINALIZED, 1, 0b100)


def test_reverts_when_the_candidate_is_another(attestation):
    candidate = bytes(attestation.state.candidate)
    with reverts("FederationUnexpectedCandidate", candidate, b"\x01" * 32):
        attestation.federation.attest(1, b"\x01" * 32, True, {"from": attestation.owners[0]})


@pytest.mark.parametrize("approve", [True, False])
def test_reverts_when_attested_already(make, approve):
    """P5: proposing is attesting."""
    scene = make(miners=5)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    scene.attest(1, approve=False)
    for index in (0, 1):
        with reverts("FederationAlreadyAttested", 1, index):
            scene.attest(index, approve=approve)


@pytest.mark.parametrize("scene, phase", [("training", 1), ("verification", 2), ("mining", 3)])
def test_reverts_when_the_phase_is_another(scenes, scene, phase):
    """P8."""
    scene = scenes[scene]
    with reverts("FederationUnexpectedPhase", 1, phase, Phase.ATTESTATION):
        scene.attest(1)


def test_reverts_when_it_comes_after_the_deadline(attestation):
    """P7 and P11: the candidate is dropped first."""
    attestation.expire()
    with reverts("FederationUnexpectedPhase", 1, Phase.MINING, Phase.ATTESTATION):
        attestation.attest(1)


def test_reverts_when_the_round_is_another(attestation):
    """P8."""
    with reverts("FederationUnexpectedRound", 1, 2):
        attestation.federation.attest(2, NOTHING, True, {"from": attestation.owners[1]})


def test_reverts_when_the_caller_owns_no_miner(attestation, stranger):
    with reverts("FederationNotInSnapshot", stranger, 1):
        attestation.federation.attest(1, attestation.state.candidate, True, {"from": stranger})


def test_reverts_when_waiting(waiting):
    """E4."""
    with reverts("FederationUnexpectedStatus", Status.WAITING):
        waiting.attest(0)


def test_half_of_the_weight_against_it_is_no_end_while_one_is_silent(make, owners, devices):
    """P5: of four, the proposer for it and two against it; the fourth decides."""
    scene = make(miners=4)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    scene.propose(0)
    scene.attest(1, 2, approve=False)
    assert (scene.state.phase, scene.state.candidates) == (Phase.ATTESTATION, 0)
    transaction = scene.attest(3)
    assert transaction.events["CandidateDropped"]["reason"] == Drop.UNDECIDED
