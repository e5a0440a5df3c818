"""`initialize`: given a clone or the implementation, when it is called again, it refuses."""

from __future__ import annotations

from support.errors import reverts


def test_knows_its_place(waiting):
    miner = waiting.miners[2]
    assert miner.federation() == waiting.federation
    assert miner.owner() == waiting.owners[2]
    assert miner.index() == 2
    assert miner.endpoint() == "http://miner"
    assert miner.pool(1) == ("0x" + "0" * 64, 0, 1)


def test_reverts_when_done(waiting, stranger):
    with reverts("InvalidInitialization"):
        waiting.miners[0].initialize(waiting.federation, stranger, 0, "", {"from": stranger})


def test_reverts_when_it_is_the_implementation(waiting, deployed, stranger, Miner):
    implementation = Miner.at(deployed.factory.minerImplementation())
    with reverts("InvalidInitialization"):
        implementation.initialize(waiting.federation, stranger, 0, "", {"from": stranger})
