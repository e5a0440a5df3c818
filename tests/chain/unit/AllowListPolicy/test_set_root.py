"""`setRoot`: given a federation, when its requester replaces the list, that decides from then on."""

from __future__ import annotations

from support.errors import reverts, reverts_without_reason
from support.policies import MINER, Door
from support.scene import names

from minerva.protocol.allow_list import AllowList


def test_replaces_the_list(door, owners, requester):
    """A1: who was on the former one and is not on this may not join any more."""
    one, other = (AllowList([(owner.address, MINER)]) for owner in owners[:2])
    door.configure(one.root)
    transaction = door.policy.setRoot(door.federation, other.root, {"from": requester})
    assert names(transaction) == ["AllowListChanged"]
    told = {"federation": door.federation.address, "root": f"0x{other.root.hex()}"}
    assert transaction.events["AllowListChanged"] == told
    door.check(owners[1], MINER, other.evidence(owners[1].address, MINER))
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER, one.evidence(owners[0].address, MINER))


def test_leaves_other_federations_alone(door, policy, requester):
    other = Door.create(policy, requester)
    for each in (door, other):
        each.configure(b"\x01" * 32)
    policy.setRoot(door.federation, b"\x02" * 32, {"from": requester})
    assert bytes(policy.rootOf(other.federation)) == b"\x01" * 32


def test_reverts_for_anyone_but_the_requester(door, stranger, owners):
    for caller in (stranger, owners[0]):
        with reverts("PolicyOnlyRequester", door.federation, caller):
            door.policy.setRoot(door.federation, b"\x01" * 32, {"from": caller})


def test_reverts_when_there_is_no_federation(policy, stranger):
    with reverts_without_reason():
        policy.setRoot(stranger, b"\x01" * 32, {"from": stranger})
