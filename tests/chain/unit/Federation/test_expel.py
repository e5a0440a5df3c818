"""`expel`: given a miner, when the governor names it, it goes at the end of the round after the running one (A3)."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names

from minerva.protocol.machine.federation import GOVERNOR
from minerva.protocol.state import Status


def expel(scene, index):
    return scene.federation.expel(index, {"from": scene.requester})


def test_plays_the_running_round_and_the_next_one(training):
    transaction = expel(training, 2)
    assert names(transaction) == ["MinerExpelled"]
    assert transaction.events["MinerExpelled"]["index"] == 2
    training.finish_round()
    assert (training.state.snapshot, training.state.leaving) == (0b111, 0)
    transaction = training.finish_round()
    assert [n for n in names(transaction) if n in ("MinerLeaving", "RoundOpened")] == [
        "MinerLeaving",
        "RoundOpened",
    ]
    assert (training.state.members, training.state.snapshot) == (0b011, 0b011)


def test_on_waiting_goes_at_the_end_of_the_next_round(waiting):
    expel(waiting, 0)
    waiting.tick()
    assert waiting.state.snapshot == 0b111
    transaction = waiting.finish_round()
    assert transaction.events["MinerLeaving"]["index"] == 0
    assert waiting.state.members == 0b110


def test_two_in_one_round_go_together(make):
    scene = make(min_miners=1)
    scene.tick()
    expel(scene, 1)
    expel(scene, 2)
    scene.finish_round()
    transaction = scene.finish_round()
    assert [event["index"] for event in transaction.events["MinerLeaving"]] == [1, 2]
    assert scene.state.members == 0b001


def test_who_leaves_before_is_forgotten(make):
    """Its place may be another's by then, whom it does not concern."""
    scene = make(bound=2)
    scene.tick()
    expel(scene, 2)
    scene.federation.leave({"from": scene.owners[2]})
    assert "MinerLeaving" not in names(scene.finish_round())
    newcomer = scene.owners.pop()
    scene.miners.pop()
    scene.deployed.factory.createMiner(scene.federation, "", b"", {"from": newcomer})
    assert "MinerLeaving" not in names(scene.finish_round())
    assert scene.state.members == 0b111


@pytest.mark.parametrize("index", [3, 63, 64, 255])
def test_reverts_when_there_is_no_miner(training, index):
    with reverts("FederationNoMiner", index):
        expel(training, index)


def test_reverts_when_it_goes_already(training):
    expel(training, 1)
    with reverts("FederationNoMiner", 1):
        expel(training, 1)
    training.federation.leave({"from": training.owners[2]})
    with reverts("FederationNoMiner", 2):
        expel(training, 2)
    training.finish_round()
    with reverts("FederationNoMiner", 1):
        expel(training, 1)


def test_reverts_when_not_the_governor(training, stranger):
    """The status comes first (E4)."""
    with reverts("AccessControlUnauthorizedAccount", stranger, GOVERNOR):
        training.federation.expel(0, {"from": stranger})
    training.federation.pause({"from": training.requester})
    with reverts("FederationUnexpectedStatus", Status.PAUSED):
        training.federation.expel(0, {"from": stranger})
