"""`tick` in Attestation: given the deadline, when anybody ticks, the candidate is dropped."""

from __future__ import annotations

from support import clock
from support.errors import reverts
from support.scene import names

from minerva.protocol.state import Drop, Phase


def test_reverts_before_the_deadline(attestation):
    """P5 and P7."""
    attestation.expire(late=-1)
    with reverts("FederationNothingDue", 1, Phase.ATTESTATION, attestation.state.deadline):
        attestation.tick()


def test_drops_the_candidate(attestation):
    """P5: silence is no offence, so nobody is barred."""
    candidate, deadline = attestation.state.candidate, attestation.state.deadline
    clock.next_block_at(deadline + 1)
    transaction = attestation.tick()
    assert names(transaction) == ["CandidateDropped", "MiningReopened"]
    assert transaction.events["CandidateDropped"] == {
        "round": 1,
        "index": 0,
        "hash": candidate,
        "reason": Drop.TIMED_OUT,
    }
    s = attestation.state
    assert (s.phase, s.deadline, s.candidates, s.barred) == (Phase.MINING, deadline + 501, 1, 0)
    assert (s.candidate, s.proposer, s.approvals, s.rejections) == ("0x" + "0" * 64, 0, 0, 0)


def test_skips_after_max_candidates(attestation):
    """P5."""
    attestation.expire()
    attestation.tick()
    attestation.propose(0)
    attestation.expire()
    transaction = attestation.tick()
    assert names(transaction) == ["CandidateDropped", "RoundSkipped", "RoundOpened"]
    assert transaction.events["RoundSkipped"]["phase"] == Phase.ATTESTATION
    assert attestation.federation.blockOf(1) == "0x" + "0" * 64
    assert attestation.federation.phase(1) == Phase.SKIPPED
