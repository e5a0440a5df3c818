"""`propose`: given whose turn it is, a header says what the snapshot's reputations are after the block."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.modules import TERMS, refuses

from minerva.protocol.lanes import pack

SNAPSHOT = 0b1011 | 1 << 17
SOUND = {0: 1, 1: TERMS.cap, 3: 7, 17: 500}


@pytest.fixture
def seat(kit):
    return kit.opened("por", SNAPSHOT)


def call(seat, weights):
    seat.call("propose", astuple(seat.claim(seat.order()[0])), b"", weights)


@pytest.mark.parametrize("lanes", [SOUND, dict.fromkeys(SOUND, 1), dict.fromkeys(SOUND, TERMS.cap)])
def test_takes_reputations_within_bounds(seat, lanes):
    """K8."""
    call(seat, pack(lanes))


@pytest.mark.parametrize(
    "lanes",
    [
        SOUND | {1: 0},
        SOUND | {1: TERMS.cap + 1},
        SOUND | {1: 65_535},
        SOUND | {17: 0},
        SOUND | {17: TERMS.cap + 1},
        SOUND | {2: 1},
        SOUND | {15: 1},
        SOUND | {16: 1},
        SOUND | {18: 1},
        SOUND | {31: 1},
        SOUND | {63: 1},
        {0: 1, 1: 1, 3: 1},
        {},
    ],
)
def test_reverts_when_a_lane_is_out_of_bounds(seat, lanes):
    """K8: none zero or above the cap in the snapshot, none beside it, no word missing."""
    with refuses("ConsensusInvalidWeights", pack(lanes)):
        call(seat, pack(lanes))


def test_reverts_when_there_are_more_words(seat):
    """K1 and K8."""
    for extra in ((0,), (0, 0), (0, 0, 0)):
        with refuses("ConsensusInvalidWeights", pack(SOUND) + extra):
            call(seat, pack(SOUND) + extra)


def test_changes_nothing_before_the_block(seat):
    """K8: a candidate is none yet."""
    before = seat.lanes()
    seat.propose(pack(SOUND))
    assert seat.lanes() == before and seat.weigh(SNAPSHOT) == 4 * TERMS.start
