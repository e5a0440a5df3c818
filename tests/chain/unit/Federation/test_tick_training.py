"""`tick` in Training: given all updates, or the deadline, the round goes on, is extended, or is skipped."""

from __future__ import annotations

from support import clock
from support.errors import reverts
from support.scene import ROOT, names

from minerva.protocol.state import Phase, Status


def test_closes_when_all_have_submitted(training):
    """P2."""
    training.submit(0, 1, 2, 3)
    assert training.federation.due()
    start = clock.now() + 3
    clock.next_block_at(start)
    transaction = training.tick()
    closed = transaction.events["TrainingClosed"]
    assert names(transaction) == ["TrainingClosed"]
    assert (closed["round"], closed["updates"], closed["deadline"]) == (1, 4, start + 600)
    s = training.state
    assert (s.phase, s.updates, s.updatesRoot) == (Phase.VERIFICATION, 4, closed["updatesRoot"])


def test_reverts_when_devices_are_awaited(training):
    """P2 and P7."""
    training.submit(0, 1, 2)
    assert not training.federation.due()
    training.expire(late=-1)
    with reverts("FederationNothingDue", 1, Phase.TRAINING, training.state.deadline):
        training.tick()


def test_closes_at_the_deadline_with_enough_updates(training):
    """P2."""
    training.submit(1, 2)
    training.expire()
    training.tick()
    assert (training.state.phase, training.state.updates) == (Phase.VERIFICATION, 2)


def test_is_extended_below_min_updates_and_then_skipped(training):
    """P2: at most maxExtensions times."""
    training.submit(1)
    deadline = training.state.deadline
    clock.next_block_at(deadline + 7)
    transaction = training.tick()
    assert transaction.events["PhaseExtended"] == {
        "round": 1,
        "phase": Phase.TRAINING,
        "deadline": deadline + 1007,
    }
    assert (training.state.extensions, training.state.deadline) == (1, deadline + 1007)
    training.expire()
    transaction = training.tick()
    assert names(transaction) == ["RoundSkipped", "RoundOpened"]
    assert transaction.events["RoundSkipped"] == {"round": 1, "phase": Phase.TRAINING}
    s = training.state
    assert (s.round, s.phase, s.extensions, s.height) == (2, Phase.TRAINING, 0, 0)
    assert training.federation.phase(1) == Phase.SKIPPED


def test_closes_after_an_extension_when_enough_come(training):
    """P2: an extension asks for minUpdates again, and for all that count."""
    training.submit(1)
    training.expire()
    training.tick()
    training.submit(0, 2, 3)
    training.tick()
    assert (training.state.phase, training.state.extensions) == (Phase.VERIFICATION, 0)


def test_does_not_close_below_min_updates_though_nobody_is_awaited(make, devices):
    """P2: the two that do not count are needed."""
    scene = make(miners=2, bound=2, min_devices=1, min_updates=2)
    scene.tick()
    scene.miners[0].leave({"from": devices[0]})
    scene.submit(1)
    assert not scene.federation.due()


def test_skip_waits_when_the_next_round_cannot_open(make, devices):
    """P1 and P6: too few devices count; `tick` opens once they are back."""
    scene = make(silent_rounds=1, max_extensions=0)
    scene.tick()
    scene.expire()
    assert names(scene.tick()) == ["RoundSkipped"]
    s = scene.state
    assert (s.status, s.phase, s.round, s.updatesRoot) == (Status.WAITING, Phase.SKIPPED, 1, "0x" + "0" * 64)
    with reverts("FederationNothingDue", 1, Phase.SKIPPED, s.deadline):
        scene.tick()
    for number in (0, 1):
        scene.miners[number].checkIn({"from": devices[number]})
    scene.tick()
    assert (scene.state.status, scene.state.round) == (Status.RUNNING, 2)


def test_a_skip_shows_nothing_of_the_round_before(training):
    """E6: the roots of round 1 are not those of round 2."""
    training.finish_round()
    training.expire()
    training.tick()
    training.federation.close({"from": training.requester})
    training.expire()
    training.tick()
    s = training.state
    assert (s.status, s.phase, s.round) == (Status.CLOSED, Phase.SKIPPED, 2)
    assert (s.updates, s.updatesRoot, s.ballotsRoot) == (0, "0x" + "0" * 64, "0x" + "0" * 64)
    assert training.federation.blockOf(2) == "0x" + "0" * 64
    assert training.federation.blockOf(1) == s.head


def test_waits_for_a_device_that_only_checked_in(training, devices):
    """M7: to check in is not to submit."""
    training.miners[0].checkIn({"from": devices[0]})
    training.submit(1, 2, 3)
    assert training.miners[0].pool(1)[1:] == (1, 1)
    assert not training.federation.due()
    training.submit(0)
    assert training.federation.due()


def test_does_not_wait_for_late_joiners(training, devices):
    """M4."""
    training.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": devices[6]})
    training.submit(0, 1, 2, 3)
    assert training.federation.due()


def test_does_not_wait_for_devices_that_went(training, devices):
    """M5 and M6: neither for one that left nor for one bound elsewhere meanwhile."""
    training.miners[0].leave({"from": devices[0]})
    training.miners[2].registerDevice(ROOT, 1, 1, b"", {"from": devices[1]})
    training.submit(2, 3)
    assert training.federation.due()


def test_keeps_the_update_of_a_device_that_went(training, devices):
    """M5 and M6."""
    training.submit(0, 1, 2, 3)
    training.miners[0].leave({"from": devices[0]})
    training.miners[2].registerDevice(ROOT, 1, 1, b"", {"from": devices[1]})
    assert training.tick().events["TrainingClosed"]["updates"] == 4
