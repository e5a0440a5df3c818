"""`onFinalized`: given a candidate that became a block, its reputations stand."""

from __future__ import annotations

from support.modules import TERMS

from minerva.protocol.lanes import pack

START = TERMS.start


def test_the_blocks_reputations_stand(kit):
    """K8: and count from the next opening."""
    seat, lanes = kit.opened("por", 0b111), {0: 3, 1: 5, 2: 7}
    sent = seat.block(pack(lanes))
    assert sent.events == [("LanesChanged", (seat.address, 1, pack(lanes)))]
    assert seat.open(0b111).result == (0b111, pack(lanes))
    assert [seat.weigh(1 << i) for i in range(3)] == [3, 5, 7]


def test_a_dropped_candidate_leaves_no_trace(kit):
    """K8: the last one proposed is the block's."""
    seat = kit.opened("por", 0b11)
    seat.propose(pack({0: 1, 1: 1}))
    seat.propose(pack({0: 8, 1: 9}), turn=1)
    seat.send("onFinalized", 1, 10)
    assert seat.lanes() == pack({0: 8, 1: 9})


def test_a_skipped_round_leaves_reputations_alone(kit):
    """K8."""
    seat = kit.opened("por", 0b11)
    seat.propose(pack({0: 1, 1: 1}))
    assert seat.open(0b11).result == (0b11, pack({0: START, 1: START}))


def test_miners_outside_the_snapshot_keep_theirs(kit):
    """K8: and others beside them move."""
    seat = kit.opened("por", 0b111 | 1 << 20)
    seat.block(pack({0: 3, 1: 5, 2: 7, 20: 9}))
    seat.open(0b101)
    sent = seat.block(pack({0: 30, 2: 70}))
    assert sent.events == [("LanesChanged", (seat.address, 2, pack({0: 30, 2: 70})))]
    assert seat.open(0b111 | 1 << 20).result[1] == pack({0: 30, 1: 5, 2: 70, 20: 9})


def test_the_slashed_keep_one_whatever_the_block_says(kit):
    """K8: its header knows the opening's reputations alone."""
    seat = kit.opened("por", 0b111)
    seat.send("onSlashed", 1, 1)
    sent = seat.block(pack({0: 110, 1: 110, 2: 120}))
    assert sent.events == [("LanesChanged", (seat.address, 1, pack({0: 110, 1: 1, 2: 120})))]
    assert seat.open(0b111).result[1] == pack({0: 110, 1: 1, 2: 120})
    # Only once: from here on it earns like others.
    seat.block(pack({0: 110, 1: 15, 2: 120}))
    assert seat.lanes() == pack({0: 110, 1: 15, 2: 120})
