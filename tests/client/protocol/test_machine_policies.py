"""Rule A1 (docs/SPECIFICATION.md) with a list. tests/chain/stateful runs it on the contracts too."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from federation_driver import REQUESTER, address, make_config
from machine_stage import refusal

from minerva.protocol import actions as act
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.events import AllowListChanged, RoleGranted
from minerva.protocol.governance import ADMIN, GOVERNOR, PAUSER

NOBODY = bytes(32)


@pytest.fixture
def allowed(stage):
    """Owners 0 and 1 may mine, the devices 0 and 1 may train."""
    miners = [(stage.owner(n), Role.MINER) for n in range(2)]
    return AllowList([*miners, *((stage.device(n), Role.DEVICE) for n in range(2))])


@pytest.fixture
def listed(stage, allowed):
    """A federation of these."""
    policy = stage.world.policies["allow-list"]
    stage.found(make_config(stage.world.consensus.address, policy=policy, policy_parameters=allowed.root))
    return stage


def test_creation_tells_of_the_roles_and_of_the_list(stage, allowed):
    """E3."""
    policy = stage.world.policies["allow-list"]
    config = make_config(stage.world.consensus.address, policy=policy, policy_parameters=allowed.root)
    created, *granted, _, listed = stage.perform(
        act.CreateFederation(stage.world.factory, config, "one"), REQUESTER
    )
    factory = stage.world.factory
    assert granted == [RoleGranted(role, REQUESTER, factory) for role in (ADMIN, PAUSER, GOVERNOR)]
    assert listed == AllowListChanged(created.federation, allowed.root)


def test_who_is_on_the_list_joins(listed, allowed):
    miner = listed.join(0, evidence=allowed.evidence(listed.owner(0), Role.MINER))
    listed.register(1, miner, evidence=allowed.evidence(listed.device(1), Role.DEVICE))
    assert (listed.state.members, listed.state.devices) == (1, 1)


def test_who_is_not_on_the_list_is_refused(listed, allowed):
    federation = listed.federation
    theirs = allowed.evidence(listed.owner(0), Role.MINER)
    refused = ("PolicyRefused", federation, listed.owner(2), Role.MINER)
    for evidence in (theirs, b"", b"\1" * 64, encode(("bytes32[]",), ([],)), theirs[:-1], theirs + NOBODY):
        assert refusal(lambda: listed.join(2, evidence=evidence)) == refused  # noqa: B023
    miner = listed.join(0, evidence=theirs)
    refused = ("PolicyRefused", federation, listed.device(2), Role.DEVICE)
    assert refusal(lambda: listed.register(2, miner)) == refused


def test_a_role_is_part_of_the_entry(listed, allowed):
    evidence = allowed.evidence(listed.owner(0), Role.MINER)
    miner = listed.join(0, evidence=evidence)
    registering = act.RegisterDevice(listed.federation, miner, b"\1" * 32, 9, 9, evidence=evidence)
    refused = refusal(lambda: listed.perform(registering, listed.owner(0)))
    assert refused == ("PolicyRefused", listed.federation, listed.owner(0), Role.DEVICE)


def test_re_binding_needs_no_evidence(listed, allowed):
    one, other = (listed.join(n, evidence=allowed.evidence(listed.owner(n), Role.MINER)) for n in range(2))
    listed.register(0, one, evidence=allowed.evidence(listed.device(0), Role.DEVICE))
    listed.register(0, other)
    assert listed.world.device(listed.federation, listed.device(0)).miner == other


def test_the_requester_extends_the_list_and_nobody_else(listed, allowed):
    policy = listed.world.policies["allow-list"]
    longer = AllowList([*allowed.entries, (listed.owner(2), Role.MINER)])
    refused = refusal(lambda: listed.do(act.SetAllowList, listed.owner(0), policy, longer.root))
    assert refused == ("PolicyOnlyRequester", listed.federation, listed.owner(0))
    changed = listed.do(act.SetAllowList, REQUESTER, policy, longer.root)
    assert changed == [AllowListChanged(listed.federation, longer.root)]
    assert refusal(lambda: listed.join(0, evidence=allowed.evidence(listed.owner(0), Role.MINER)))[0] == (
        "PolicyRefused"
    )
    listed.join(2, evidence=longer.evidence(listed.owner(2), Role.MINER))


def test_an_empty_list_lets_nobody_in(listed, allowed):
    listed.do(act.SetAllowList, REQUESTER, listed.world.policies["allow-list"], AllowList([]).root)
    evidence = allowed.evidence(listed.owner(0), Role.MINER)
    assert refusal(lambda: listed.join(0, evidence=evidence))[0] == "PolicyRefused"


def test_parameters_of_another_length_are_refused(stage):
    policy = stage.world.policies["allow-list"]
    for parameters in (b"", b"\1" * 31, b"\1" * 64):
        config = make_config(stage.world.consensus.address, policy=policy, policy_parameters=parameters)
        refused = refusal(lambda: stage.found(config))  # noqa: B023
        assert refused == ("PolicyInvalidParameters", parameters)


def test_a_policy_without_code_is_refused(stage):
    nobody = address(0xBAD)
    config = make_config(stage.world.consensus.address, policy=nobody)
    assert refusal(lambda: stage.found(config)) == ("FederationInvalidConfig", 22, int(nobody, 16))
