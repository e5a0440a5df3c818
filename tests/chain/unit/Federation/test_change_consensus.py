"""`changeConsensus`: given another module, when the governor announces it, it decides from the round after the next."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts
from support.scene import names

from minerva.protocol.machine.federation import GOVERNOR
from minerva.protocol.state import Status

EASY = encode(["uint64", "uint32"], [2, 10])


def change(scene, module, parameters=b"", sender=None):
    return scene.federation.changeConsensus(module, parameters, {"from": sender or scene.requester})


@pytest.fixture
def another(deployed):
    return deployed.mock_consensus


def test_is_announced_a_round_ahead(training, another):
    """K10: the running round and the next one are the old module's."""
    transaction = change(training, another, b"\x07")
    assert names(transaction) == ["ConsensusChangeAnnounced"]
    assert transaction.events["ConsensusChangeAnnounced"] == {
        "module": another, "parameters": "0x07", "fromRound": 3,
    }  # fmt: skip
    assert "ConsensusChanged" not in names(training.finish_round())
    assert training.federation.config()["consensus"] == training.deployed.proof_of_work
    transaction = training.finish_round()
    order = [n for n in names(transaction) if n in ("ConsensusConfigured", "ConsensusChanged", "RoundOpened")]
    assert order == ["ConsensusConfigured", "ConsensusChanged", "RoundOpened"]
    assert transaction.events["ConsensusChanged"] == {"round": 3, "module": another}
    config = training.federation.config()
    assert (config["consensus"], config["consensusParameters"]) == (another, "0x07")


def test_announcing_again_replaces(training, another):
    change(training, another)
    training.finish_round()
    transaction = change(training, training.deployed.proof_of_work, EASY)
    assert transaction.events["ConsensusChangeAnnounced"]["fromRound"] == 4
    assert "ConsensusChanged" not in names(training.finish_round())
    transaction = training.finish_round()
    assert transaction.events["ConsensusChanged"]["module"] == training.deployed.proof_of_work
    assert training.federation.config()["consensusParameters"] == "0x" + EASY.hex()
    assert "ConsensusChanged" not in names(training.finish_round())


def test_a_module_that_refuses_then_is_left_out(training, another):
    """K10: the old one stays, and the round opens."""
    change(training, another)
    training.finish_round()
    another.setRefuses(True, {"from": training.requester})
    transaction = training.finish_round()
    assert transaction.events["ConsensusChangeFailed"] == {"round": 3, "module": another}
    assert "RoundOpened" in names(transaction)
    assert training.federation.config()["consensus"] == training.deployed.proof_of_work


def test_reverts_for_an_address_without_code(training, stranger):
    with reverts("FederationInvalidConfig", 2, int(stranger.address, 16)):
        change(training, stranger)


def test_reverts_for_parameters_that_the_module_refuses(training):
    with reverts("ConsensusInvalidParameters", b"\x01"):
        change(training, training.deployed.proof_of_work, b"\x01")


def test_reverts_when_not_the_governor(training, another, stranger):
    """The status comes first (E4)."""
    with reverts("AccessControlUnauthorizedAccount", stranger, GOVERNOR):
        change(training, another, sender=stranger)
    training.federation.pause({"from": training.requester})
    with reverts("FederationUnexpectedStatus", Status.PAUSED):
        change(training, another, sender=stranger)
