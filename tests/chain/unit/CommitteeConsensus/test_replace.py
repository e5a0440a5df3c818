"""`replace`: given silent members, others come in their place, as long as somebody stands by."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.modules import refuses

from minerva.protocol.lanes import pack
from minerva.protocol.records import indices
from minerva.protocol.weights import FIRST_RANK

SIX = 0b111111
LANES = {0: 1, 1: 1, 2: 1, 3: FIRST_RANK + 2, 4: FIRST_RANK, 5: FIRST_RANK + 1}
"""Members 0, 1 and 2; who stands by, in order: 4, 5, 3."""


@pytest.fixture
def seat(kit):
    """A federation whose last block says `LANES`, in the round after it."""
    seat = kit.opened("committee", SIX)
    seat.block(pack(LANES))
    seat.open(SIX)
    return seat


def replace(seat, *silent):
    voters, lanes = seat.send("replace", seat.round, sum(1 << i for i in silent)).result
    assert lanes == pack(dict.fromkeys(indices(voters), 1))
    return indices(voters)


@pytest.mark.parametrize(
    ("silent", "voters"),
    [([0], [1, 2, 4]), ([1, 2], [0, 4, 5]), ([0, 1, 2], [3, 4, 5]), ([], [0, 1, 2]), ([3, 9], [0, 1, 2])],
)
def test_those_who_stand_by_come_in_by_rank(seat, silent, voters):
    """K9: for silent voters alone."""
    assert replace(seat, *silent) == voters


def test_weighs_the_new_voters(seat):
    """K3: whoever was replaced weighs nothing, and the total stays."""
    replace(seat, 1)
    assert [seat.weigh(1 << i) for i in range(6)] == [1, 0, 1, 0, 1, 0]
    assert seat.weigh(SIX) == 3
    assert sorted(seat.order()) == [0, 2, 4]


def test_nobody_comes_back_in_the_same_round(seat):
    """K9: who was replaced once has had its chance."""
    assert replace(seat, 0) == [1, 2, 4]
    assert replace(seat, 4) == [1, 2, 5]
    assert replace(seat, 1, 2) == [2, 3, 5]
    assert replace(seat, 2, 3, 5) == [2, 3, 5]


def test_the_silent_stay_when_nobody_is_left(seat):
    """K9: those of the lowest index go first."""
    assert replace(seat, 0, 1, 2) == [3, 4, 5]
    assert replace(seat, 3, 4, 5) == [3, 4, 5]
    seat.open(0b1111)
    assert replace(seat, 1, 2) == [0, 2, 3]


def test_silence_of_a_standby_keeps_it_out(seat):
    """K9."""
    assert replace(seat, 0, 4) == [1, 2, 5]


def test_a_new_round_starts_afresh(seat):
    """K9: dormant miners are the federation's matter."""
    replace(seat, 0)
    assert indices(seat.open(SIX).result[0]) == [0, 1, 2]


def test_only_the_new_voters_propose(seat):
    """K5: the order is drawn among them."""
    replace(seat, 1)
    turns = {seat.call("proposer", seat.address, turn, SIX)[0] for turn in range(3)}
    assert turns == {0, 2, 4}
    with refuses("ConsensusNotYourTurn", 2, 1, 0):
        seat.call("propose", astuple(seat.claim(1)), b"", pack(LANES))
