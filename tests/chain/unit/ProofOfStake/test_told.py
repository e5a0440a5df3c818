"""`replace`, `onFinalized`, `onJoined`, `onSlashed`: stakes say it all, nobody stands by."""

from __future__ import annotations

from minerva.protocol.lanes import pack


def test_nobody_stands_by(kit):
    """K3."""
    seat = kit.opened("pos", 0b111, {0: 1, 1: 2, 2: 3})
    for silent in (0b001, 0b111):
        assert seat.send("replace", 1, silent).result == (0b111, pack({0: 1, 1: 2, 2: 3}))
    assert seat.weigh(0b111) == 6


def test_says_nothing_where_the_vault_does(kit):
    """K7: a stake's changes are the vault's events."""
    seat = kit.opened("pos", 0b111, {0: 1, 1: 2, 2: 3})
    seat.propose()
    for call in (("onFinalized", 1, 10), ("onJoined", 0), ("onSlashed", 1, 1)):
        assert seat.send(*call).events == []
    assert seat.lanes() == pack({0: 1, 1: 2, 2: 3})
