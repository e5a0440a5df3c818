"""`replace`: given silent voters, nobody stands by."""

from __future__ import annotations

from support.modules import TERMS

from minerva.protocol.lanes import pack


def test_voters_stay(kit):
    """K3."""
    seat = kit.opened("por", 0b111)
    weights = pack(dict.fromkeys(range(3), TERMS.start))
    for silent in (0b001, 0b111):
        assert seat.send("replace", 1, silent).result == (0b111, weights)
    assert seat.weigh(0b111) == 3 * TERMS.start
