"""`checkIn`: given a dormant miner, when it checks in, it counts again from the next opening."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names


@pytest.fixture
def dormant(verification):
    """Mining of round 1; miner 2 did not vote."""
    verification.vote(0, 1)
    verification.expire()
    verification.tick()
    assert verification.state.dormant == 0b100
    return verification


def test_wakes_a_dormant_miner(dormant):
    """M3."""
    transaction = dormant.federation.checkIn({"from": dormant.owners[2]})
    assert transaction.events["MinerReturned"]["index"] == 2
    assert dormant.state.dormant == 0
    dormant.propose(0)
    dormant.attest(1)
    assert dormant.state.snapshot == 0b111


def test_without_it_the_next_snapshot_leaves_the_miner_out(dormant):
    """M3 and P1."""
    dormant.propose(0)
    dormant.attest(1)
    assert (dormant.state.round, dormant.state.snapshot, dormant.state.dormant) == (2, 0b011, 0b100)


def test_changes_nothing_when_not_dormant(training):
    """M3."""
    assert names(training.federation.checkIn({"from": training.owners[0]})) == []


def test_reverts_when_the_caller_owns_no_miner(training, stranger):
    with reverts("FederationNotInSnapshot", stranger, 1):
        training.federation.checkIn({"from": stranger})
