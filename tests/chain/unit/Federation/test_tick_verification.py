"""`tick` in Verification: given the deadline, when anybody ticks, a quorum, later a majority, of ballots suffices."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names

from minerva.protocol.state import Phase, Status


def test_reverts_before_the_deadline(verification):
    """P3 and P7."""
    verification.vote(0, 1)
    assert not verification.federation.due()
    verification.expire(late=-1)
    with reverts("FederationNothingDue", 1, Phase.VERIFICATION, verification.state.deadline):
        verification.tick()


def test_closes_with_a_quorum_and_non_voters_are_dormant(verification):
    """P3 and M3: two of three."""
    verification.vote(2, 0)
    verification.expire()
    transaction = verification.tick()
    closed = transaction.events["VerificationClosed"]
    assert (closed["voted"], closed["absent"]) == (0b101, 0b010)
    s = verification.state
    assert (s.phase, s.dormant, s.ballotsRoot) == (Phase.MINING, 0b010, closed["ballotsRoot"])


def test_below_a_quorum_it_is_extended_and_then_a_majority_suffices(make):
    """P3: three of five are a majority and no quorum."""
    scene = make(miners=5)
    scene.tick()
    scene.close_training()
    scene.vote(0, 1, 2)
    scene.expire()
    deadline = scene.state.deadline
    transaction = scene.tick()
    assert transaction.events["PhaseExtended"] == {
        "round": 1,
        "phase": Phase.VERIFICATION,
        "deadline": deadline + 600,
    }
    assert scene.state.extensions == 1
    scene.expire()
    assert names(scene.tick()) == ["VerificationClosed"]
    assert (scene.state.extensions, scene.state.dormant) == (0, 0b11000)


def test_closes_with_a_quorum_while_extended(make):
    """P3: the fourth ballot of five comes in the extension."""
    scene = make(miners=5)
    scene.tick()
    scene.close_training()
    scene.vote(0, 1, 2)
    scene.expire()
    scene.tick()
    scene.vote(4)
    scene.expire()
    scene.tick()
    assert (scene.state.phase, scene.state.voted) == (Phase.MINING, 0b10111)


@pytest.mark.parametrize("voters", [(), (1,)])
def test_below_a_majority_it_is_skipped(verification, voters):
    """P3 and M3: non-voters are dormant all the same, so that the next round waits for them."""
    verification.vote(*voters)
    verification.expire()
    verification.tick()
    verification.expire()
    transaction = verification.tick()
    assert names(transaction) == ["RoundSkipped"]
    assert transaction.events["RoundSkipped"]["phase"] == Phase.VERIFICATION
    s = verification.state
    assert (s.status, s.phase) == (Status.WAITING, Phase.SKIPPED)
    assert s.dormant == 0b111 & ~sum(1 << v for v in voters)
    assert (s.updates, s.ballotsRoot) == (4, "0x" + "0" * 64)


def test_half_is_no_majority(make):
    """P3: two of four."""
    scene = make(miners=4, max_extensions=0)
    scene.tick()
    scene.close_training()
    scene.vote(0, 1)
    scene.expire()
    scene.tick()
    assert scene.federation.phase(1) == Phase.SKIPPED


def test_dormant_miners_return(verification):
    """M3: until they do, no round opens without them."""
    for _ in range(2):
        verification.expire()
        verification.tick()
    assert verification.state.dormant == 0b111
    assert not verification.federation.due()
    for owner in verification.owners[:2]:
        verification.federation.checkIn({"from": owner})
    verification.tick()
    assert (verification.state.round, verification.state.snapshot) == (2, 0b011)
