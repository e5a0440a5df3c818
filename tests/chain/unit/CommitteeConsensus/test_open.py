"""`open`: given the last block's lanes, when a round opens, its committee votes, each member weighing one."""

from __future__ import annotations

import pytest
from support.modules import SIZE

from minerva.protocol.lanes import pack
from minerva.protocol.records import indices
from minerva.protocol.weights import FIRST_RANK

EIGHT = 0xFF
LANES = {
    0: FIRST_RANK + 3,
    1: 1,
    2: FIRST_RANK + 1,
    3: FIRST_RANK,
    4: 1,
    5: FIRST_RANK + 4,
    6: 1,
    7: FIRST_RANK + 2,
}
"""Members 1, 4 and 6; who stands by, in order: 3, 2, 7, 0, 5."""


@pytest.fixture
def seat(kit):
    """A federation whose last block says `LANES`."""
    seat = kit.opened("committee", EIGHT)
    seat.block(pack(LANES))
    return seat


@pytest.mark.parametrize(
    ("snapshot", "voters"),
    [(EIGHT, [0, 1, 2]), (0b10, [1]), (0b11000, [3, 4]), (1 << 63 | 1 << 40 | 1 << 20 | 1 << 2, [2, 20, 40])],
)
def test_the_first_committee_goes_by_index(kit, snapshot, voters):
    """K9: no lanes stand before the first block."""
    seat = kit.seat("committee").configure()
    mask = sum(1 << i for i in voters)
    assert seat.open(snapshot).result == (mask, pack(dict.fromkeys(voters, 1)))
    assert sorted(seat.order()) == voters
    assert seat.weigh(2**64 - 1) == len(voters)


@pytest.mark.parametrize(
    ("missing", "voters"),
    [
        ([], [1, 4, 6]),
        ([4], [1, 3, 6]),
        ([3, 4], [1, 2, 6]),
        ([1, 4, 6], [2, 3, 7]),
        ([1, 2, 3, 4, 7], [0, 5, 6]),
        ([0, 1, 2, 3, 4, 5], [6, 7]),
        ([0, 2, 3, 5, 7], [1, 4, 6]),
    ],
)
def test_those_who_stand_by_come_in_for_the_missing(seat, missing, voters):
    """K9: by rank."""
    snapshot = EIGHT & ~sum(1 << i for i in missing)
    assert indices(seat.open(snapshot).result[0]) == voters


def test_newcomers_come_after_all_who_have_a_rank(seat):
    """K9: by index."""
    seat.send("onJoined", 9)
    assert indices(seat.open(1 << 1 | 1 << 5 | 1 << 8 | 1 << 9).result[0]) == [1, 5, 8]


def test_a_skipped_round_leaves_the_committee_standing(seat):
    """K9: the missing member is back."""
    seat.open(EIGHT & ~0b10)
    assert indices(seat.open(EIGHT).result[0]) == [1, 4, 6]


def test_never_more_than_its_size(seat):
    """K9: a member that was away while a block was made is none any more."""
    seat.open(EIGHT & ~0b10)
    seat.block(pack({0: 1, 2: 1, 3: 1} | {i: FIRST_RANK + n for n, i in enumerate((4, 5, 6, 7))}))
    voters = seat.open(EIGHT).result[0]
    assert indices(voters) == [0, 2, 3] and len(indices(voters)) == SIZE
    assert indices(seat.open(0b10 | 1 << 7).result[0]) == [1, 7]
