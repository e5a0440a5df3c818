"""`pool`: given devices last seen here and there, when rounds go by, it tells who counts without being touched."""

from __future__ import annotations

from support.scene import ROOT

NOTHING = "0x" + "0" * 64


def outstanding(miner, rounds):
    """How many are awaited in each of these rounds."""
    return [miner.pool(round)[2] for round in rounds]


def test_forgets_the_silent(make):
    """M7: seen last before round 1, silentRounds is 3."""
    scene = make(miners=2, bound=4, silent_rounds=3)
    assert outstanding(scene.miners[0], range(1, 6)) == [2, 2, 2, 0, 0]


def test_seven_silent_rounds_fill_the_lanes(make):
    """M7: the bound of the configuration."""
    scene = make(miners=2, bound=4, silent_rounds=7)
    assert outstanding(scene.miners[0], range(1, 10)) == [2, 2, 2, 2, 2, 2, 2, 0, 0]


def test_counts_those_seen_in_different_rounds(make, devices):
    """M7: three devices, seen in rounds 0, 1 and 2; silentRounds is 2."""
    scene = make(miners=2, bound=4, silent_rounds=2, min_updates=1, min_devices=1, max_extensions=0)
    scene.tick()
    miner = scene.miners[0]
    scene.submit(0)
    miner.registerDevice(ROOT, 1, 1, b"", {"from": devices[6]})
    scene.expire(), scene.tick(), scene.vote_all(), scene.propose(0), scene.attest(1)
    assert scene.round == 2
    assert outstanding(miner, range(2, 6)) == [3, 2, 0, 0]
    scene.submit(0)
    assert outstanding(miner, range(2, 6)) == [2, 2, 1, 0]


def test_knows_nothing_of_rounds_before(training):
    """E7: the pool of a round is gone once the next one's is begun."""
    training.finish_round()
    assert training.miners[0].pool(1)[1] == 2
    training.submit(0)
    assert training.miners[0].pool(1) == (NOTHING, 0, 0)
