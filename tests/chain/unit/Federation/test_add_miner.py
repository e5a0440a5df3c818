"""`addMiner`: given places, when a miner joins, it gets the lowest free index and counts from the next opening."""

from __future__ import annotations

from support.errors import reverts
from support.scene import ROOT, Scene, mask

from brownie import Contract, Miner
from minerva.protocol.allow_list import AllowList, Role
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


def test_only_who_the_policy_lets_in(deployed, requester, owners, devices, AllowListPolicy):
    """M1 and A1: the federation configures its policy when it is made, and asks it at each joining."""
    door = AllowListPolicy.deploy({"from": requester})
    listed = AllowList([(owners[0].address, Role.MINER), (devices[0].address, Role.DEVICE)])
    scene = Scene.create(deployed, requester, policy=door.address, policy_parameters=listed.root)
    assert bytes(door.rootOf(scene.federation)) == listed.root
    evidence = listed.evidence(owners[0].address, Role.MINER)
    with reverts("PolicyRefused", scene.federation, owners[1], Role.MINER):
        deployed.factory.createMiner(scene.federation, "http://miner", evidence, {"from": owners[1]})
    transaction = deployed.factory.createMiner(
        scene.federation, "http://miner", evidence, {"from": owners[0]}
    )
    assert scene.state.members == 0b1
    miner = Contract.from_abi("Miner", transaction.events["MinerCreated"]["miner"], Miner.abi, persist=False)
    with reverts("PolicyRefused", scene.federation, devices[1], Role.DEVICE):
        miner.registerDevice(ROOT, 100, 5_000, b"", {"from": devices[1]})
    evidence = listed.evidence(devices[0].address, Role.DEVICE)
    miner.registerDevice(ROOT, 100, 5_000, evidence, {"from": devices[0]})
