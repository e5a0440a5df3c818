"""`configure`: given parameters within bounds, when a federation calls once, the module keeps its puzzle."""

from __future__ import annotations

import pytest
from support.errors import reverts, reverts_without_reason
from support.puzzle import parameters
from support.scene import names

MAX_DIFFICULTY, MAX_TARGET = 2**48, 86_400


@pytest.mark.parametrize("difficulty", [1, 20_000, MAX_DIFFICULTY])
@pytest.mark.parametrize("target", [1, MAX_TARGET])
def test_keeps_the_parameters(deployed, stranger, difficulty, target):
    """W2: the bounds included."""
    module, given = deployed.proof_of_work, parameters(difficulty, target)
    transaction = module.configure(given, {"from": stranger})
    assert module.difficulty(stranger) == difficulty
    assert names(transaction) == ["ConsensusConfigured"]
    assert transaction.events["ConsensusConfigured"] == {
        "federation": stranger.address,
        "parameters": f"0x{given.hex()}",
    }


def test_federations_do_not_meet(deployed, stranger, requester):
    module = deployed.proof_of_work
    module.configure(parameters(100), {"from": stranger})
    module.configure(parameters(200), {"from": requester})
    assert (module.difficulty(stranger), module.difficulty(requester)) == (100, 200)


def test_is_configured_anew(deployed, stranger):
    """K10: a federation that changes its parameters begins with the new difficulty."""
    module = deployed.proof_of_work
    module.configure(parameters(5), {"from": stranger})
    module.configure(parameters(7), {"from": stranger})
    assert module.difficulty(stranger) == 7


@pytest.mark.parametrize(
    "given",
    [
        parameters(0),
        parameters(MAX_DIFFICULTY + 1),
        parameters(2**64),
        parameters(2**256 - 1),
        parameters(1, 0),
        parameters(1, MAX_TARGET + 1),
        parameters(1, 2**32 + 1),
        parameters(1)[:-1],
        parameters(1)[:32],
        parameters(1) + b"\x00",
        b"",
    ],
)
def test_reverts_when_the_parameters_are_out_of_bounds(deployed, stranger, given):
    """W2 and E5: too low, too high, of another length."""
    with reverts("ConsensusInvalidParameters", given):
        deployed.proof_of_work.configure(given, {"from": stranger})
    assert deployed.proof_of_work.difficulty(stranger) == 0


def test_takes_parameters_after_refused_ones(deployed, stranger):
    module = deployed.proof_of_work
    with reverts("ConsensusInvalidParameters", b""):
        module.configure(b"", {"from": stranger})
    module.configure(parameters(5), {"from": stranger})
    assert module.difficulty(stranger) == 5


def test_takes_no_ether(deployed, stranger):
    with reverts_without_reason():
        stranger.transfer(deployed.proof_of_work, 1)
