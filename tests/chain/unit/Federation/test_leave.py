"""`leave`: given a member, when it leaves, it does its duties to the end of the round and is then removed."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import mask, names


def test_stays_in_the_running_snapshot(training):
    """M2."""
    transaction = training.federation.leave({"from": training.owners[1]})
    assert names(transaction) == ["MinerLeaving"]
    s = training.state
    assert (s.members, s.leaving, s.snapshot) == (0b111, 0b010, 0b111)
    training.close_training()
    training.vote_all()
    assert training.state.voted == 0b111


def test_is_removed_at_the_next_opening(training):
    """M2: index and owner are free again."""
    training.federation.leave({"from": training.owners[1]})
    training.finish_round()
    s = training.state
    assert (s.round, s.members, s.leaving, s.snapshot) == (2, 0b101, 0, 0b101)
    assert training.federation.member(1)["owner"] == "0x" + "0" * 40
    assert training.miners[1].index() == 255


def test_is_removed_when_the_federation_closes(training, requester):
    """M2."""
    training.federation.leave({"from": training.owners[1]})
    training.federation.close({"from": requester})
    training.finish_round()
    assert (training.state.status, training.state.members) == (3, 0b101)


def test_is_removed_at_once_when_no_round_is_open(waiting):
    """M2."""
    transaction = waiting.federation.leave({"from": waiting.owners[0]})
    assert names(transaction) == ["MinerLeaving"]
    assert (waiting.state.members, waiting.state.leaving) == (0b110, 0)


def test_makes_room_when_too_few_stay(make, owners):
    """M2 and E6: a full federation that waits can take somebody else in."""
    scene = make(miners=2, min_miners=2, max_miners=2)
    scene.tick()
    scene.federation.leave({"from": owners[0]})
    scene.finish_round()
    assert (scene.state.status, scene.state.members) == (0, 0b10)
    scene.join(owners[3])
    assert scene.state.members == 0b11


def test_takes_several_out_at_once(make, owners):
    scene = make(miners=4, min_miners=1, min_devices=1)
    scene.tick()
    for owner in owners[1:4]:
        scene.federation.leave({"from": owner})
    scene.finish_round()
    assert (scene.state.round, scene.state.snapshot, scene.state.members) == (2, mask([0]), mask([0]))


@pytest.mark.parametrize("who", ["again", "stranger"])
def test_reverts_when_there_is_nobody_to_leave(training, stranger, who):
    """M2."""
    caller = stranger
    if who == "again":
        caller = training.owners[0]
        training.federation.leave({"from": caller})
    with reverts("FederationNotInSnapshot", caller, 1):
        training.federation.leave({"from": caller})
