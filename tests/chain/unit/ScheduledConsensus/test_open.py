"""`open`: given a snapshot, when a round opens, its order is drawn anew, by weight."""

from __future__ import annotations

import pytest
from support.modules import CHAIN_ID, HEAD, NAMES, refuses

from minerva.protocol import schedule
from minerva.protocol.lanes import unpack
from minerva.protocol.records import ZERO32, indices

SNAPSHOTS = [0b1, 0b1011, (1 << 40 | 1 << 17 | 1 << 63), (1 << 16) - 1, (1 << 64) - 1]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_the_order(kit, name):
    """K5: with the former seed, the parent and the block's prevrandao; `ScheduleSeeded` tells it."""
    seat = kit.seat(name).configure()
    former = ZERO32
    for head in (HEAD, b"\x4f" * 32):
        sent = seat.open(0b111, head)
        expected = schedule.seed(CHAIN_ID, seat.address, seat.round, former, head, sent.randao)
        assert sent.events == [("ScheduleSeeded", (seat.address, seat.round, expected))]
        assert seat.call("seed", seat.address) == (expected,)
        former = expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("snapshot", SNAPSHOTS, ids=hex)
def test_order_is_a_permutation_of_the_voters(kit, name, snapshot):
    """K5: and the client's."""
    seat = kit.seat(name).configure()
    if name == "pos":
        seat.stake({i: 1 + 1000 * i for i in indices(snapshot)})
    voters, lanes = seat.open(snapshot).result
    weights = unpack(lanes)
    assert sorted(seat.order()) == indices(voters) == list(weights)
    assert seat.order() == schedule.order(seat.call("seed", seat.address)[0], weights)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_knows_a_seed_before(kit, name):
    """K5: two federations that do the same have orders of their own."""
    seats = [kit.opened(name, 0b111) for _ in range(2)]
    assert seats[0].call("seed", seats[0].address) != seats[1].call("seed", seats[1].address)


def test_first_turn_goes_by_weight(kit):
    """K5: over 400 rounds each miner is first as often as its share says, within five standard deviations."""
    shares, rounds = {0: 1, 5: 2, 17: 5, 63: 8}, 400
    seat = kit.seat("pos").configure()
    seat.stake(shares)
    snapshot = sum(1 << i for i in shares)
    firsts = [(seat.open(snapshot), seat.order()[0])[1] for _ in range(rounds)]
    for index, weight in shares.items():
        share = weight / sum(shares.values())
        deviation = (rounds * share * (1 - share)) ** 0.5
        assert abs(firsts.count(index) - rounds * share) <= 5 * deviation


@pytest.mark.parametrize("name", NAMES)
def test_reverts_when_not_configured(kit, name):
    seat = kit.seat(name)
    with refuses("ConsensusNotConfigured", seat.address):
        seat.open(0b111)


@pytest.mark.parametrize("name", NAMES)
def test_federations_do_not_meet(kit, name):
    one, other = kit.opened(name, 0b111), kit.opened(name, 0b11000)
    assert sorted(one.order()) == [0, 1, 2] and sorted(other.order()) == [3, 4]
