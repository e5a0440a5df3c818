"""`configure`: given a root, when a federation is created with it, its list is that."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names

ROOT = b"\x5a" * 32


def test_keeps_the_root(door):
    """A1."""
    transaction = door.configure(ROOT)
    assert names(transaction) == ["AllowListChanged"]
    told = {"federation": door.federation.address, "root": f"0x{ROOT.hex()}"}
    assert transaction.events["AllowListChanged"] == told
    assert bytes(door.policy.rootOf(door.federation)) == ROOT


@pytest.mark.parametrize("parameters", [b"", ROOT[:31], ROOT + b"\x00", ROOT * 2])
def test_reverts_when_it_is_no_root(door, parameters):
    """A1."""
    with reverts("PolicyInvalidParameters", parameters):
        door.configure(parameters)


def test_names_the_policy(policy):
    """A1: the name that a deployment finds it by."""
    assert policy.name() == "allow-list"
