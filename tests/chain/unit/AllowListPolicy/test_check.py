"""`check`: given a list, when a federation asks for an account that is on it in this role, it passes."""

from __future__ import annotations

import pytest
from eth_abi import encode
from support.errors import reverts
from support.policies import DEVICE, MINER, Door

from minerva.protocol.allow_list import AllowList


@pytest.fixture
def allowed(door, owners, devices):
    """Three miners, four devices; the first owner is both."""
    miners = [(owner.address, MINER) for owner in owners[:3]]
    listed = AllowList([*miners, *((d.address, DEVICE) for d in (*devices[:3], owners[0]))])
    door.configure(listed.root)
    return listed


def test_passes_for_all_that_are_listed(door, allowed, owners, devices):
    """A1."""
    for account, role in [(o, MINER) for o in owners[:3]] + [(d, DEVICE) for d in (*devices[:3], owners[0])]:
        door.check(account, role, allowed.evidence(account.address, role))


def test_passes_for_the_only_one(door, owners):
    """Of a list of one the proof is empty."""
    alone = AllowList([(owners[0].address, MINER)])
    door.configure(alone.root)
    door.check(owners[0], MINER, alone.evidence(owners[0].address, MINER))


def test_reverts_for_another_role(door, allowed, owners, devices):
    """A1: the role is in the leaf."""
    for account, listed, asked in ((owners[1], MINER, DEVICE), (devices[0], DEVICE, MINER)):
        with reverts("PolicyRefused", door.federation, account, asked):
            door.check(account, asked, allowed.evidence(account.address, listed))


def test_reverts_for_a_stranger_with_anothers_evidence(door, allowed, owners, stranger):
    with reverts("PolicyRefused", door.federation, stranger, MINER):
        door.check(stranger, MINER, allowed.evidence(owners[0].address, MINER))


@pytest.mark.parametrize(
    "evidence",
    [
        b"",
        b"\x01",
        b"\x00" * 32,
        b"\x00" * 64,
        encode(["bytes32[]"], [[]]),
        encode(["uint256", "uint256"], [32, 1]),
        encode(["uint256", "uint256"], [32, 2**256 - 1]),
        encode(["uint256", "uint256"], [2**255, 0]),
        encode(["bytes32[]"], [[b"\x01" * 32]]) + b"\x00",
        encode(["bytes32[]"], [[b"\x01" * 32]]) + b"\x00" * 32,
        encode(["bytes32[]"], [[b"\x01" * 32] * 300]),
    ],
    ids=lambda evidence: f"{len(evidence)} bytes",
)
def test_reverts_when_the_evidence_is_none(door, allowed, owners, evidence):
    """With the typed error, whatever the bytes: also those that do not decode."""
    with reverts("PolicyRefused", door.federation, owners[0], MINER):
        door.check(owners[0], MINER, evidence)


def test_reverts_for_everyone_when_the_list_is_empty(door, owners):
    """And where a federation was never configured."""
    nothing = encode(["bytes32[]"], [[]])
    for _ in range(2):
        with reverts("PolicyRefused", door.federation, owners[0], MINER):
            door.check(owners[0], MINER, nothing)
        door.configure(AllowList([]).root)


def test_evidence_of_another_federation_is_none(door, allowed, policy, requester, owners):
    """One policy serves many, each with its list."""
    other = Door.create(policy, requester)
    other.configure(AllowList([(owners[1].address, MINER)]).root)
    with reverts("PolicyRefused", other.federation, owners[0], MINER):
        other.check(owners[0], MINER, allowed.evidence(owners[0].address, MINER))
