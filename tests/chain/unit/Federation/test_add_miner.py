"""`addMiner`: given places, when a miner joins, it gets the lowest free index and counts from the next opening."""

from __future__ import annotations

from support.errors import reverts
from support.scene import mask

from minerva.protocol.state import Status


def test_is_a_member_at_once(make):
    """M1."""
    scene = make(miners=2, bound=0)
    assert scene.state.members == mask([0, 1])
    assert [tuple(scene.federation.member(i)) for i in (0, 1)] == [
        (owner, miner) for owner, miner in zip(scene.owners, scene.miners, strict=True)
    ]
    assert scene.federation.member(2)["miner"] == "0x" + "0" * 40


def test_counts_from_the_next_opening(training, owners):
    """M1: not in the running round's snapshot."""
    training.join(owners[3])
    s = training.state
    assert (s.members, s.snapshot) == (mask(range(4)), mask(range(3)))
    training.owners.pop(), training.miners.pop()


def test_takes_the_lowest_free_index(make, owners):
    """M1 and M2: an index and an owner are free again after the miner left."""
    scene = make()
    scene.federation.leave({"from": owners[1]})
    scene.join(owners[4])
    assert scene.miners[3].index() == 1
    scene.join(owners[1])
    assert scene.miners[4].index() == 3


def test_takes_sixty_four(make, accounts):
    """C, field 6."""
    scene = make(miners=0, bound=0, max_miners=64)
    scene.join(*(accounts.at(f"0x{i:040x}", force=True) for i in range(0x6401, 0x6441)))
    assert [miner.index() for miner in scene.miners] == list(range(64))
    assert scene.state.members == 2**64 - 1
    with reverts("FederationMinersFull", 64):
        scene.join(accounts[1])


def test_reverts_when_full(make, owners):
    """M1."""
    scene = make(max_miners=3)
    with reverts("FederationMinersFull", 3):
        scene.join(owners[4])


def test_reverts_when_the_owner_has_a_miner(waiting):
    """M1."""
    with reverts("FederationAlreadyMiner", waiting.owners[0]):
        waiting.join(waiting.owners[0])


def test_reverts_when_not_called_by_the_factory(waiting, stranger):
    with reverts("FederationOnlyFactory", stranger):
        waiting.federation.addMiner(stranger, stranger, "", b"", {"from": stranger})


def test_reverts_when_closed(waiting, owners, requester):
    """M1."""
    waiting.federation.close({"from": requester})
    with reverts("FederationUnexpectedStatus", Status.CLOSED):
        waiting.join(owners[4])
