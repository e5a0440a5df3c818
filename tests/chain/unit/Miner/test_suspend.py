"""A pool that knows that Training goes on takes updates without asking; never longer than the federation would."""

from __future__ import annotations

import pytest
from support.errors import reverts

from minerva.protocol.state import Phase, Status


@pytest.fixture
def known(training):
    """Miner 0 has an update of round 1, and awaits another one."""
    training.submit(0)
    return training


def test_the_federation_is_not_asked_again(known):
    """An update that asks costs 7,000 gas more."""
    pool = known.miners[0]
    before = pool.pool(1)[1:]
    assert known.submit(1).gas_used - known.submit(3).gas_used > 5_000
    assert (before, pool.pool(1)[1:]) == ((1, 1), (2, 0))


def test_reverts_when_not_the_federation(known):
    with reverts("MinerOnlyFederation", known.owners[0]):
        known.miners[0].suspend({"from": known.owners[0]})


def test_a_pause_stops_updates(known):
    """P9."""
    known.federation.pause({"from": known.requester})
    with reverts("FederationUnexpectedStatus", Status.PAUSED):
        known.submit(3)
    known.federation.unpause({"from": known.requester})
    known.submit(3)
    assert known.miners[0].pool(1)[1:] == (2, 0)


def test_the_deadline_stops_updates(known):
    """P2 and P8."""
    known.expire()
    with reverts("FederationUnexpectedPhase", 1, Phase.TRAINING, Phase.TRAINING):
        known.submit(3)


def test_an_extension_lets_updates_in_again(known):
    """P2: below minUpdates."""
    known.expire()
    known.tick()
    known.submit(3)
    assert known.miners[0].pool(1)[1:] == (2, 0)


def test_training_that_closed_early_stops_those_who_do_not_count(make):
    """P2 and M8: before the deadline."""
    scene = make(silent_rounds=1, max_extensions=0, rounds=10)
    scene.tick()
    for _ in range(2):
        scene.submit(0, 1, 2)
        scene.expire()
        scene.tick()
        scene.vote_all()
        scene.propose(0)
        scene.attest(1)
    assert scene.round == 3
    scene.submit(0, 1, 2)
    scene.tick()
    with reverts("FederationUnexpectedPhase", 3, Phase.VERIFICATION, Phase.TRAINING):
        scene.submit(3)


def test_another_round_is_another(known):
    """P8."""
    known.submit(1, 2, 3)
    known.tick()
    known.vote_all()
    known.propose()
    known.attest(1)
    with reverts("FederationUnexpectedRound", 2, 1):
        known.submit(0, round=1)
