"""Rule A1 (docs/SPECIFICATION.md) with stakes, which a callable stands for here."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from federation_driver import REQUESTER, address, make_config
from machine_stage import Alone, Stage, refusal

from minerva.protocol import actions as act
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.machine import World

POLICIES = {"stake": address(0xA12), "allow-list-and-stake": address(0xA13)}
MINER, DEVICE = 50, 20
"""What each must have bonded."""
NEED = MINER.to_bytes(32) + DEVICE.to_bytes(32)


def stage_with(stakes: Mapping[str, int] | None) -> Stage:
    """A stage on which these accounts have staked; None: federations take no stake."""

    def stake_of(_: str, account: str) -> int | None:
        return None if stakes is None else stakes.get(account, 0)

    return Stage(Alone(World(31337, address(0xFAC), address(0x90), policies=POLICIES, stake_of=stake_of)))


def found(stage: Stage, policy: str, parameters: bytes) -> None:
    config = make_config(stage.world.consensus.address, policy=POLICIES[policy], policy_parameters=parameters)
    stage.found(config)


def test_who_has_staked_enough_joins() -> None:
    stage = stage_with({Stage.owner(0): MINER, Stage.owner(1): MINER - 1, Stage.device(0): DEVICE})
    found(stage, "stake", NEED)
    stage.register(0, stage.join(0))
    refused = refusal(lambda: stage.join(1))
    assert refused == ("PolicyRefused", stage.federation, stage.owner(1), Role.MINER)
    refused = refusal(lambda: stage.register(1, stage.contract(0)))
    assert refused == ("PolicyRefused", stage.federation, stage.device(1), Role.DEVICE)


def test_each_role_has_its_need() -> None:
    account = Stage.owner(0)
    stage = stage_with({account: DEVICE, Stage.owner(1): MINER})
    found(stage, "stake", NEED)
    miner = stage.join(1)
    assert refusal(lambda: stage.join(0))[0] == "PolicyRefused"
    stage.perform(act.RegisterDevice(stage.federation, miner, b"\1" * 32, 9, 9), account)


def test_the_list_alone_or_the_stake_alone_is_not_enough() -> None:
    listed, staked, both = (Stage.owner(number) for number in range(3))
    allowed = AllowList([(listed, Role.MINER), (both, Role.MINER)])
    stage = stage_with({staked: MINER, both: MINER})
    found(stage, "allow-list-and-stake", allowed.root + NEED)
    assert refusal(lambda: stage.join(0, evidence=allowed.evidence(listed, Role.MINER)))[0] == "PolicyRefused"
    assert refusal(lambda: stage.join(1, evidence=allowed.evidence(both, Role.MINER)))[0] == "PolicyRefused"
    stage.join(2, evidence=allowed.evidence(both, Role.MINER))
    assert stage.world.allow_list_root(stage.federation) == allowed.root


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [("stake", NEED[1:]), ("stake", bytes(32) + NEED), ("allow-list-and-stake", NEED), ("stake", b"")],
)
def test_parameters_of_another_length_are_refused(policy: str, parameters: bytes) -> None:
    refused = refusal(lambda: found(stage_with({}), policy, parameters))
    assert refused == ("PolicyInvalidParameters", parameters)


def test_without_a_vault_nobody_asks_for_stakes() -> None:
    stage = stage_with(None)
    assert refusal(lambda: found(stage, "stake", NEED)) == ("PolicyInvalidParameters", NEED)
    both = bytes(32) + NEED
    assert refusal(lambda: found(stage, "allow-list-and-stake", both)) == ("PolicyInvalidParameters", both)


def test_what_is_refused_leaves_no_trace() -> None:
    """A creation that a policy refuses after it took the federation in, as a later module may."""
    stage = stage_with({})
    found(stage, "stake", NEED)
    before = stage.world.federations()
    assert refusal(lambda: found(stage, "stake", b""))[0] == "PolicyInvalidParameters"
    assert stage.world.federations() == before
    assert stage.world.requester(before[0]) == REQUESTER
