"""Given a consensus module that calls back, when the federation tells it something, the call is refused."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from support.errors import reverts
from support.scene import ROOT, plain

REENTERED = keccak(text="ReentrancyGuardReentrantCall()")[:4]


@pytest.fixture
def scene(make, deployed):
    scene = make(consensus=deployed.mock_consensus)
    scene.tick()
    scene.close_training()
    scene.vote_all()
    return scene


CALLS = {
    "tick": lambda f, s: f.tick.encode_input(),
    "vote": lambda f, s: f.vote.encode_input(1, ROOT, b""),
    "propose": lambda f, s: f.propose.encode_input(plain(s.header(0, proof=b""))),
    "attest": lambda f, s: f.attest.encode_input(1, ROOT, True),
    "leave": lambda f, s: f.leave.encode_input(),
    "checkIn": lambda f, s: f.checkIn.encode_input(),
    "addMiner": lambda f, s: f.addMiner.encode_input(s.requester, s.requester, "", b""),
    "bindDevice": lambda f, s: f.bindDevice.encode_input(s.requester, b""),
    "unbindDevice": lambda f, s: f.unbindDevice.encode_input(s.devices[0]),
    "pause": lambda f, s: f.pause.encode_input(),
    "unpause": lambda f, s: f.unpause.encode_input(),
    "close": lambda f, s: f.close.encode_input(),
    "changeConsensus": lambda f, s: f.changeConsensus.encode_input(s.requester, b""),
    "expel": lambda f, s: f.expel.encode_input(0),
    "onSlashed": lambda f, s: f.onSlashed.encode_input(s.requester, 1),
}


@pytest.mark.parametrize("call", CALLS)
def test_reverts_when_the_module_calls_back(scene, deployed, call):
    deployed.mock_consensus.setCallback(CALLS[call](scene.federation, scene), {"from": scene.requester})
    scene.expire()
    with reverts("CalledBack", REENTERED):
        scene.tick()


def test_tells_the_module(scene, deployed):
    """P4 and P6: another module than the proof of work is told the same."""
    scene.expire()
    transaction = scene.tick()
    assert transaction.events["TimedOut"] == {"federation": scene.federation.address, "round": 1}
    scene.propose(0)
    transaction = scene.attest(1)
    assert transaction.events["Finalized"]["round"] == 1
