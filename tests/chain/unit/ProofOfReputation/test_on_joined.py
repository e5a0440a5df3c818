"""`onJoined`: given a free place, when a miner takes it, it starts like everybody."""

from __future__ import annotations

from support.modules import TERMS

from minerva.protocol.lanes import pack

START = TERMS.start


def test_says_so(kit):
    """K8."""
    seat = kit.opened("por", 0b11)
    assert seat.send("onJoined", 2).events == [("WeightChanged", (seat.address, 2, START))]


def test_everybody_starts_alike(kit):
    """K8: members of a federation that changed its module are not told of again."""
    seat = kit.opened("por", 0b111 | 1 << 63)
    assert [seat.weigh(1 << i) for i in (0, 1, 2, 63)] == [START] * 4


def test_whoever_comes_late_starts_then(kit):
    """K8: joined long before its first snapshot."""
    seat = kit.opened("por", 0b11)
    seat.send("onJoined", 2)
    seat.block(pack({0: 7, 1: 8}))
    assert seat.open(0b11).result[1] == pack({0: 7, 1: 8})
    assert seat.open(0b111).result[1] == pack({0: 7, 1: 8, 2: START})


def test_nothing_of_the_places_former_miner_is_left(kit):
    """K8: neither its reputation nor that it was slashed."""
    seat = kit.opened("por", 0b11)
    seat.block(pack({0: 7, 1: 900}))
    seat.send("onSlashed", 1, 1)
    seat.send("onJoined", 1)
    assert seat.open(0b11).result[1] == pack({0: 7, 1: START})
