"""`onFinalized`, `onJoined`, `onSlashed`: given who moves, when the round ends, the next committee is known."""

from __future__ import annotations

import pytest

from minerva.protocol.lanes import pack
from minerva.protocol.records import indices
from minerva.protocol.weights import FIRST_RANK

FIVE = 0b11111
LANES = {0: FIRST_RANK + 1, 1: 1, 2: 1, 3: FIRST_RANK, 4: 1}


@pytest.fixture
def seat(kit):
    return kit.opened("committee", FIVE)


def test_the_blocks_committee_stands(seat):
    """K9."""
    assert seat.block(pack(LANES)).events == [("LanesChanged", (seat.address, 1, pack(LANES)))]
    assert seat.lanes() == pack(LANES)
    assert indices(seat.open(FIVE).result[0]) == [1, 2, 4]


@pytest.mark.parametrize("function", ["onSlashed", "onJoined"])
@pytest.mark.parametrize("when", ["before the block", "after it"])
def test_who_was_slashed_or_is_another_has_no_place(seat, function, when):
    """K9: who stands by comes in."""
    values = (1, 2) if function == "onSlashed" else (2,)
    if when == "after it":
        seat.block(pack(LANES))
    assert seat.send(function, *values).events == [("WeightChanged", (seat.address, 2, 0))]
    if when == "before the block":
        rest = pack({i: lane for i, lane in LANES.items() if i != 2})
        assert seat.block(pack(LANES)).events == [("LanesChanged", (seat.address, 1, rest))]
    assert seat.lanes() == pack({i: lane for i, lane in LANES.items() if i != 2})
    assert indices(seat.open(FIVE).result[0]) == [1, 3, 4]
    # It is the last in line, not out for ever.
    assert indices(seat.open(0b00111).result[0]) == [0, 1, 2]


def test_a_slashed_member_votes_to_the_rounds_end(seat):
    """K5: weights of a round are fixed at its opening."""
    seat.send("onSlashed", 1, 0)
    assert seat.weigh(FIVE) == 3 and sorted(seat.order()) == [0, 1, 2]
