"""`propose`: given whose turn it is, a header names the next committee and ranks all others."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.modules import refuses

from minerva.protocol.lanes import pack
from minerva.protocol.weights import FIRST_RANK, committee_after

SNAPSHOT = 0b11011 | 1 << 17
SOUND = {0: FIRST_RANK + 1, 1: 1, 3: 1, 4: FIRST_RANK, 17: 1}


@pytest.fixture
def seat(kit):
    return kit.opened("committee", SNAPSHOT)


def call(seat, weights):
    seat.call("propose", astuple(seat.claim(seat.order()[0])), b"", weights)


def test_takes_any_committee_of_the_snapshot(seat):
    """K9: whose it must be is for those who attest."""
    call(seat, pack(SOUND))
    for number in range(5):
        scores = {i: (i * 7 + number * 3) % 5 for i in (0, 1, 3, 4, 17)}
        call(seat, committee_after(scores, bytes(32), 3))


@pytest.mark.parametrize(
    "changes",
    [
        {1: 0},
        {1: 2},
        {1: FIRST_RANK - 1},
        {1: FIRST_RANK + 2},
        {1: FIRST_RANK},
        {0: 1},
        {0: FIRST_RANK},
        {0: FIRST_RANK + 2},
        {0: 65_535},
        {0: FIRST_RANK + 256},
        {2: 1},
        {2: FIRST_RANK + 2},
        {16: 1},
        {18: 1},
        {40: 1},
        {17: 0},
    ],
)
def test_reverts_when_it_is_no_committee(seat, changes):
    """K9: `size` members, each rank once, from 0 on; nothing beside the snapshot."""
    weights = pack(SOUND | changes)
    with refuses("ConsensusInvalidWeights", weights):
        call(seat, weights)


def test_reverts_when_there_is_another_number_of_words(seat):
    """K1 and K9."""
    for weights in ((), pack(SOUND)[:1], (*pack(SOUND), 0)):
        with refuses("ConsensusInvalidWeights", weights):
            call(seat, weights)


def test_all_are_members_where_there_are_few(kit):
    """K9: a snapshot smaller than the committee."""
    seat = kit.opened("committee", 0b101)
    call(seat, pack({0: 1, 2: 1}))
    with refuses("ConsensusInvalidWeights", pack({0: 1, 2: FIRST_RANK})):
        call(seat, pack({0: 1, 2: FIRST_RANK}))


def test_sixty_four_miners_are_ranked(kit):
    """K9: at the bound."""
    seat = kit.opened("committee", 2**64 - 1)
    call(seat, committee_after({i: i * 37 % 64 for i in range(64)}, bytes(32), 3))


def test_changes_nothing_before_the_block(seat):
    """K9: a candidate is none yet."""
    seat.propose(pack(SOUND))
    assert seat.lanes() == ()
