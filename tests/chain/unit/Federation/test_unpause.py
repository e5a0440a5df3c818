"""`unpause`: given a pause, when it ends, the deadlines move by its length, up to what was left of it."""

from __future__ import annotations

from eth_abi import encode
from support import clock
from support.errors import reverts
from support.scene import names

from minerva.protocol.machine.federation import PAUSER
from minerva.protocol.state import Phase, Status


def pause(scene, seconds):
    """The requester pauses; the next block comes ``seconds`` later."""
    scene.federation.pause({"from": scene.requester})
    clock.next_block_at(scene.state.pausedAt + seconds)


def test_moves_the_deadlines(training, requester):
    """P9 and E8."""
    before = training.state
    pause(training, 400)
    transaction = training.federation.unpause({"from": requester})
    assert names(transaction) == ["FederationUnpaused"]
    s = training.state
    assert transaction.events["FederationUnpaused"]["deadline"] == s.deadline == before.deadline + 400
    assert s.openedAt == before.openedAt + 400
    assert (s.status, s.phase, s.pausedAt, s.pausedSeconds) == (Status.RUNNING, Phase.TRAINING, 0, 400)


def test_returns_to_waiting(waiting, requester):
    """P9."""
    pause(waiting, 10)
    waiting.federation.unpause({"from": requester})
    assert waiting.state.status == Status.WAITING
    waiting.tick()
    assert waiting.state.status == Status.RUNNING


def test_anybody_may_once_it_is_used_up(training, stranger):
    """P9: the deadline moves by what was left, and may then lie in the past."""
    deadline = training.state.deadline
    pause(training, 50_000)
    training.federation.unpause({"from": stranger})
    s = training.state
    assert (s.deadline, s.pausedSeconds) == (deadline + 10_000, 10_000)
    assert training.federation.due()


def test_several_pauses_share_the_limit(training, requester, stranger):
    """P9."""
    pause(training, 6000)
    training.federation.unpause({"from": requester})
    deadline = training.state.deadline
    pause(training, 6000)
    training.federation.unpause({"from": stranger})
    assert (training.state.deadline, training.state.pausedSeconds) == (deadline + 4000, 10_000)


def test_mining_does_not_age_meanwhile(make, requester):
    """W3 and E8: the elapsed time of the proof of work is without the pause."""
    mining = make(consensus_parameters=encode(["uint64", "uint32"], [4, 400]))
    for step in (mining.tick, mining.close_training, mining.vote_all):
        step()
    opened = mining.state.deadline - 500
    clock.next_block_at(opened + 200)
    pause_at = opened + 200
    mining.federation.pause({"from": requester})
    clock.next_block_at(pause_at + 500)
    mining.federation.unpause({"from": requester})
    clock.next_block_at(pause_at + 700)
    mining.propose(0)
    transaction = mining.attest(1)
    # 400 seconds for a target of 400: the difficulty stays.
    assert "DifficultyChanged" not in names(transaction)
    assert mining.deployed.proof_of_work.difficulty(mining.federation) == 4


def test_reverts_when_not_the_requester(training, stranger):
    """P9: as long as some of the pause is left."""
    pause(training, 999)
    with reverts("AccessControlUnauthorizedAccount", stranger, PAUSER):
        training.federation.unpause({"from": stranger})


def test_reverts_when_not_paused(training, waiting, requester):
    """P9."""
    with reverts("FederationUnexpectedStatus", Status.RUNNING):
        training.federation.unpause({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.WAITING):
        waiting.federation.unpause({"from": requester})
