"""`close`: given a federation, when its requester closes it, the running round is still played to its end."""

from __future__ import annotations

from support.errors import reverts
from support.scene import names

from minerva.protocol.machine.federation import GOVERNOR
from minerva.protocol.state import Phase, Status


def test_takes_effect_at_the_end_of_the_round(training, requester):
    """P10 and P6: work done is finished."""
    transaction = training.federation.close({"from": requester})
    assert names(transaction) == ["FederationClosing"]
    assert (training.state.status, training.state.closing) == (Status.RUNNING, True)
    transaction = training.finish_round()
    assert names(transaction)[-1] == "FederationClosed"
    assert (training.state.status, training.state.round, training.state.height) == (Status.CLOSED, 1, 1)


def test_takes_effect_at_a_skip(training, requester):
    """P6."""
    training.federation.close({"from": requester})
    training.expire()
    training.tick()
    training.expire()
    assert names(training.tick()) == ["RoundSkipped", "FederationClosed"]
    assert (training.state.status, training.state.phase) == (Status.CLOSED, Phase.SKIPPED)


def test_takes_effect_at_once_on_waiting(waiting, requester):
    """P10 and E2."""
    transaction = waiting.federation.close({"from": requester})
    assert names(transaction) == ["FederationClosing", "FederationClosed"]
    assert transaction.events["FederationClosed"] == {
        "round": 0,
        "height": 0,
        "head": waiting.federation.genesis(),
    }
    assert waiting.state.status == Status.CLOSED
    assert not waiting.federation.due()


def test_reverts_when_closing_already(training, requester):
    """P10."""
    training.federation.close({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.RUNNING):
        training.federation.close({"from": requester})


def test_reverts_when_not_the_requester(training, stranger):
    with reverts("AccessControlUnauthorizedAccount", stranger, GOVERNOR):
        training.federation.close({"from": stranger})
