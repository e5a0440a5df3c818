"""`onSlashed`: given an offence, when the stake is slashed, the reputation is gone as well."""

from __future__ import annotations

from support.modules import TERMS

from minerva.protocol.lanes import pack

START = TERMS.start


def test_is_one_from_the_next_opening_on(kit):
    """K8: also where the round has no block."""
    seat = kit.opened("por", 0b111)
    assert seat.send("onSlashed", 1, 1).events == [("WeightChanged", (seat.address, 1, 1))]
    assert seat.weigh(0b010) == START
    assert seat.open(0b111).result[1] == pack({0: START, 1: 1, 2: START})
    assert seat.weigh(0b010) == 1


def test_finds_who_is_away(kit):
    """K8: evidence comes late, when the miner is in no snapshot."""
    seat = kit.opened("por", 0b111)
    seat.block(pack({0: 7, 1: 8, 2: 9}))
    seat.open(0b101)
    seat.send("onSlashed", 1, 1)
    seat.block(pack({0: 7, 2: 9}))
    assert seat.open(0b111).result[1] == pack({0: 7, 1: 1, 2: 9})


def test_finds_who_was_in_no_snapshot_yet(kit):
    """K8."""
    seat = kit.opened("por", 0b11)
    seat.send("onJoined", 2)
    seat.send("onSlashed", 1, 2)
    assert seat.open(0b111).result[1] == pack({0: START, 1: START, 2: 1})
