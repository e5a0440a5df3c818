"""`onTimeout`: given nobody found a nonce in time, when Mining starts again, the proof is easier."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from support import puzzle
from support.errors import reverts
from support.scene import names


def time_out(module, federation):
    """The federation tells of a time-out; the difficulty after it."""
    puzzle.tell(module, federation, module.onTimeout.encode_input(3))
    return module.difficulty(federation)


@settings(max_examples=25)
@puzzle.given(difficulty=st.integers(1, 2**48))
def test_divides_by_four(deployed, difficulty):
    """W4: at least 1."""
    module = deployed.proof_of_work
    assert time_out(module, puzzle.fresh(module, difficulty)) == max(1, difficulty // 4)


def test_comes_down_to_one_in_the_end(deployed):
    """W4: no federation stays stuck at a difficulty that its miners do not reach."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, 2**48)
    assert [time_out(module, federation) for _ in range(25)] == [4**n for n in range(23, -1, -1)] + [1]


def test_says_so(deployed, stranger):
    """E2."""
    module = deployed.proof_of_work
    module.configure(puzzle.parameters(100), {"from": stranger})
    transaction = module.onTimeout(3, {"from": stranger})
    assert names(transaction) == ["DifficultyChanged"]
    assert transaction.events["DifficultyChanged"] == {
        "federation": stranger.address,
        "round": 3,
        "difficulty": 25,
    }


def test_says_nothing_at_one(deployed):
    """E2."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, 1)
    assert puzzle.tell(module, federation, module.onTimeout.encode_input(1)) == []


def test_leaves_other_federations_alone(deployed):
    module = deployed.proof_of_work
    one, other = puzzle.fresh(module, 100), puzzle.fresh(module, 100)
    assert time_out(module, one) == 25
    assert module.difficulty(other) == 100


def test_reverts_when_not_configured(deployed, stranger):
    with reverts("ConsensusNotConfigured", stranger):
        deployed.proof_of_work.onTimeout(1, {"from": stranger})


@pytest.mark.parametrize("late", [0, 1000])
def test_makes_mining_easier_for_its_federation(mining, verification, late):
    """P4 and W4, through a federation; another one on the same module keeps its own."""
    module = mining.deployed.proof_of_work
    assert module.difficulty(mining.federation) == 4
    mining.expire(late)
    mining.tick()
    assert module.difficulty(mining.federation) == 1
    assert module.difficulty(verification.federation) == 4
