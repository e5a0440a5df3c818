"""`onFinalized`: given how long Mining took, when a block is final, the next one is as hard as wanted."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from hypothesis import settings
from hypothesis import strategies as st
from support import puzzle
from support.errors import reverts

from minerva.protocol.machine.proof_of_work import ProofOfWorkMachine

MAX_DIFFICULTY = 2**48
CHANGED = keccak(text="DifficultyChanged(address,uint32,uint64)")

difficulties = st.integers(0, 48).flatmap(lambda bits: st.integers(1, 2**bits))
targets = st.integers(1, 86_400)
times = st.one_of(st.integers(0, 1000), st.integers(0, 2_592_000), st.integers(0, 2**256 - 1))


@settings(max_examples=100)
@puzzle.given(difficulty=difficulties, target=targets, elapsed=times)
def test_stays_within_its_bounds(deployed, difficulty, target, elapsed):
    """W3: a factor of 4, 1 to 2^48; in the right direction; and as the client's specification has it."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, difficulty, target)
    after = puzzle.finalize(module, federation, elapsed)
    assert 1 <= after <= MAX_DIFFICULTY
    assert difficulty // 4 <= after <= 4 * difficulty
    if elapsed > target:
        assert after <= difficulty
    else:
        assert after >= difficulty
    assert after == specified(module.address, federation, difficulty, target, elapsed)


def specified(module, federation, difficulty, target, elapsed):
    """The difficulty by the client's specification."""
    machine = ProofOfWorkMachine(module, puzzle.CHAIN_ID, lambda event: None)
    machine.configure(federation, puzzle.parameters(difficulty, target))
    machine.on_finalized(federation, 1, elapsed)
    return machine.difficulty(federation)


@settings(max_examples=50)
@puzzle.given(difficulty=difficulties, target=targets, elapsed=st.tuples(times, times).map(sorted))
def test_never_rises_with_the_time_it_took(deployed, difficulty, target, elapsed):
    """W3."""
    module = deployed.proof_of_work
    soon, late = (puzzle.finalize(module, puzzle.fresh(module, difficulty, target), e) for e in elapsed)
    assert soon >= late


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        (0, 400),
        (1, 400),
        (2, 400),
        (3, 333),
        (10, 100),
        (11, 90),
        (20, 50),
        (39, 25),
        (40, 25),
        (41, 25),
        (2**256 - 1, 25),
    ],
)
def test_follows_the_time_it_took(deployed, elapsed, expected):
    """W3: 100 expected hashes, 10 seconds wanted; rounded down, no time counting as one second."""
    module = deployed.proof_of_work
    assert puzzle.finalize(module, puzzle.fresh(module, 100, 10), elapsed) == expected


@pytest.mark.parametrize(
    ("difficulty", "elapsed", "expected"),
    [
        (1, 2**32, 1),
        (3, 2**32, 1),
        (MAX_DIFFICULTY, 0, MAX_DIFFICULTY),
        (MAX_DIFFICULTY - 1, 1, MAX_DIFFICULTY),
        (MAX_DIFFICULTY // 4, 0, MAX_DIFFICULTY),
    ],
)
def test_stops_at_the_bounds(deployed, difficulty, elapsed, expected):
    """W3."""
    module = deployed.proof_of_work
    assert puzzle.finalize(module, puzzle.fresh(module, difficulty, 86_400), elapsed) == expected


def test_says_so(deployed):
    """E2: with the round that it was told."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, 100, 10)
    (log,) = puzzle.tell(module, federation, module.onFinalized.encode_input(9, 20))
    assert log["topics"][0] == CHANGED
    assert [int.from_bytes(topic) for topic in log["topics"][1:]] == [int(federation, 16), 9]
    assert int.from_bytes(log["data"]) == 50


@pytest.mark.parametrize("difficulty, elapsed", [(100, 10), (1, 1000), (MAX_DIFFICULTY, 0)])
def test_says_nothing_when_nothing_changes(deployed, difficulty, elapsed):
    """E2."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, difficulty, 10)
    assert puzzle.tell(module, federation, module.onFinalized.encode_input(1, elapsed)) == []


def test_keeps_the_target(deployed):
    """The seconds wanted are the configured ones after any number of blocks."""
    module = deployed.proof_of_work
    federation = puzzle.fresh(module, 100, 10)
    assert [puzzle.finalize(module, federation, e) for e in (5, 20, 40, 1)] == [200, 100, 25, 100]


def test_leaves_other_federations_alone(deployed, stranger):
    """Whoever calls moves its own difficulty only."""
    module = deployed.proof_of_work
    one, other = puzzle.fresh(module, 100), puzzle.fresh(module, 100)
    puzzle.finalize(module, one, 1)
    assert (module.difficulty(one), module.difficulty(other)) == (400, 100)
    with reverts("ConsensusNotConfigured", stranger):
        module.onFinalized(1, 1, {"from": stranger})
    assert (module.difficulty(one), module.difficulty(other), module.difficulty(stranger)) == (400, 100, 0)
