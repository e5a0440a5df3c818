"""`release` and `retire`: given a miner's contract, when anybody but its federation calls, it refuses."""

from __future__ import annotations

from support.errors import reverts


def test_release_reverts_when_not_the_federation(waiting, devices):
    with reverts("MinerOnlyFederation", waiting.owners[0]):
        waiting.miners[0].release(devices[0], {"from": waiting.owners[0]})


def test_retire_reverts_when_not_the_federation(waiting):
    with reverts("MinerOnlyFederation", waiting.owners[0]):
        waiting.miners[0].retire({"from": waiting.owners[0]})


def test_retired_it_has_no_index(waiting):
    """M2."""
    waiting.federation.leave({"from": waiting.owners[1]})
    assert [miner.index() for miner in waiting.miners] == [0, 255, 2]
