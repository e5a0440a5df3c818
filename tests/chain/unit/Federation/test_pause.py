"""`pause`: given a running federation, when its requester pauses it, nothing else works and no deadline comes."""

from __future__ import annotations

import pytest
from support import clock
from support.errors import reverts
from support.scene import ROOT, names, plain

from minerva.protocol.machine.federation import PAUSER
from minerva.protocol.state import Phase, Status


def test_pauses(training, requester):
    """P9."""
    start = clock.now() + 2
    clock.next_block_at(start)
    transaction = training.federation.pause({"from": requester})
    assert names(transaction) == ["FederationPaused"]
    assert transaction.events["FederationPaused"]["at"] == start
    s = training.state
    assert (s.status, s.phase, s.pausedAt) == (Status.PAUSED, Phase.TRAINING, start)
    assert not training.federation.due()


CALLS = {
    "tick": lambda s, o, d: s.federation.tick({"from": o}),
    "vote": lambda s, o, d: s.federation.vote(1, ROOT, b"", {"from": o}),
    "propose": lambda s, o, d: s.federation.propose(plain(s.header(0, proof=b"")), {"from": o}),
    "attest": lambda s, o, d: s.federation.attest(1, ROOT, True, {"from": o}),
    "leave": lambda s, o, d: s.federation.leave({"from": o}),
    "check in": lambda s, o, d: s.federation.checkIn({"from": o}),
    "join": lambda s, o, d: s.deployed.factory.createMiner(s.federation, "", b"", {"from": s.requester}),
    "set endpoint": lambda s, o, d: s.miners[0].setEndpoint("", {"from": o}),
    "register": lambda s, o, d: s.miners[0].registerDevice(ROOT, 1, 1, b"", {"from": s.requester}),
    "device leaves": lambda s, o, d: s.miners[0].leave({"from": d}),
    "device checks in": lambda s, o, d: s.miners[0].checkIn({"from": d}),
    "submit": lambda s, o, d: s.submit(0),
    "unbind": lambda s, o, d: s.federation.unbindDevice(d, {"from": s.miners[0].address}),
    "pause": lambda s, o, d: s.federation.pause({"from": s.requester}),
    "close": lambda s, o, d: s.federation.close({"from": s.requester}),
}


@pytest.mark.parametrize("call", CALLS)
def test_reverts_all_else_while_paused(training, requester, call):
    """P9."""
    training.federation.pause({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.PAUSED):
        CALLS[call](training, training.owners[0], training.devices[0])


@pytest.mark.parametrize("call", [*CALLS, "unpause"])
def test_reverts_everything_once_closed(training, requester, call):
    """P10."""
    training.federation.close({"from": requester})
    for _ in range(2):
        training.expire()
        training.tick()
    with reverts("FederationUnexpectedStatus", Status.CLOSED):
        if call == "unpause":
            training.federation.unpause({"from": requester})
        else:
            CALLS[call](training, training.owners[0], training.devices[0])


def test_reverts_when_not_the_requester(training):
    with reverts("AccessControlUnauthorizedAccount", training.owners[0], PAUSER):
        training.federation.pause({"from": training.owners[0]})


def test_reverts_when_used_up(training, requester):
    """P9."""
    training.federation.pause({"from": requester})
    clock.next_block_at(training.state.pausedAt + 10_000)
    training.federation.unpause({"from": requester})
    with reverts("FederationPauseExhausted", 10_000):
        training.federation.pause({"from": requester})


def test_reverts_when_there_is_none_to_have(make, requester):
    """P9."""
    scene = make(max_pause_seconds=0)
    with reverts("FederationPauseExhausted", 0):
        scene.federation.pause({"from": requester})
