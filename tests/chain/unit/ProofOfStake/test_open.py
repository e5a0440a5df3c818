"""`open`: given stakes, when a round opens, every miner of the snapshot votes and weighs what it has at stake then."""

from __future__ import annotations

from minerva.protocol.lanes import pack


def test_weighs_the_stakes_of_the_opening(kit):
    """K7: what changes later counts from the next one."""
    seat = kit.seat("pos").configure()
    seat.stake({0: 10, 1: 20, 2: 70, 3: 1000})
    assert seat.open(0b111).result == (0b111, pack({0: 10, 1: 20, 2: 70}))
    seat.stake({0: 99, 1: 20, 2: 70, 3: 1000})
    assert (seat.weigh(0b001), seat.weigh(0b110), seat.weigh(0b1111)) == (10, 90, 100)
    assert seat.open(0b1001).result == (0b1001, pack({0: 99, 3: 1000}))
    assert (seat.weigh(0b0111), seat.weigh(0b1000)) == (99, 1000)


def test_keeps_a_lane_for_every_index(kit):
    """K1: the bounds of lanes and words."""
    weights = {0: 65_535, 15: 1, 16: 2, 31: 3, 32: 65_535, 47: 4, 48: 5, 63: 65_535}
    seat, snapshot = kit.seat("pos").configure(), sum(1 << i for i in weights)
    seat.stake(weights)
    assert seat.open(snapshot).result == (snapshot, pack(weights))
    assert [seat.weigh(1 << i) for i in weights] == list(weights.values())
    assert seat.weigh(2**64 - 1) == sum(weights.values())


def test_the_heaviest_federation_fits(kit):
    """K1: 64 lanes of 65,535."""
    seat = kit.opened("pos", 2**64 - 1, dict.fromkeys(range(64), 65_535))
    assert seat.weigh(2**64 - 1) == 64 * 65_535
    assert sorted(seat.order()) == list(range(64))


def test_a_snapshot_of_high_places_alone_begins_with_empty_words(kit):
    """K1."""
    seat = kit.opened("pos", 1 << 40, {40: 6})
    assert seat.call("open", 2, 1 << 40, bytes(32)) == (1 << 40, pack({40: 6}))
    assert len(pack({40: 6})) == 3 and seat.weigh(1 << 40) == 6


def test_a_voter_weighs_one_at_least(kit):
    """K5: so that everybody has a turn."""
    seat = kit.opened("pos", 0b111, {1: 5})
    assert [seat.weigh(1 << i) for i in range(3)] == [1, 5, 1]


def test_no_bit_of_a_lane_is_lost_or_added(kit):
    """K1: lanes of one bit each, beside empty ones, which count as one."""
    weights = {i: 1 << i // 2 for i in range(0, 32, 2)}
    seat = kit.opened("pos", 2**32 - 1, weights)
    assert [seat.weigh(1 << i) for i in range(32)] == [weights.get(i, 1) for i in range(32)]
