"""Rule A1 (docs/SPECIFICATION.md) with stakes."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from federation_driver import REQUESTER, address, make_config
from machine_stage import Alone, Stage, refusal

from minerva.protocol import actions as act
from minerva.protocol import stake_actions as bond
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.machine import World
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_STAKE

POLICIES = {"stake": address(0xA12), "allow-list-and-stake": address(0xA13)}
MINER, DEVICE = 50, 20
"""What each must have bonded."""
TERMS = StakeTerms(unit=1, evidence_seconds=60, rejected_bps=100, equivocation_bps=100)
"""The federation itself asks for no stake."""
NEED = MINER.to_bytes(32) + DEVICE.to_bytes(32)


def new_stage() -> Stage:
    """A stage whose federations' policies are those of stakes."""
    return Stage(Alone(World(31337, address(0xFAC), address(0x90), policies=POLICIES)))


def found(
    stage: Stage,
    policy: str,
    parameters: bytes,
    stakes: Mapping[str, int] | None = None,
    *,
    staked: bool = True,
) -> None:
    """Found a federation with this policy, in which these accounts have staked."""
    config = make_config(stage.world.consensus.address, policy=POLICIES[policy], policy_parameters=parameters)
    stage.found(config, stake=TERMS if staked else NO_STAKE)
    vault = stage.world.stakes(stage.federation)
    assert vault or not stakes
    for account, amount in (stakes or {}).items():
        stage.perform(bond.Deposit(stage.federation, vault.address, account, amount, amount, 0), account)


def test_who_has_staked_enough_joins() -> None:
    stage, stakes = new_stage(), {Stage.owner(0): MINER, Stage.owner(1): MINER - 1, Stage.device(0): DEVICE}
    found(stage, "stake", NEED, stakes)
    stage.register(0, stage.join(0))
    refused = refusal(lambda: stage.join(1))
    assert refused == ("PolicyRefused", stage.federation, stage.owner(1), Role.MINER)
    refused = refusal(lambda: stage.register(1, stage.contract(0)))
    assert refused == ("PolicyRefused", stage.federation, stage.device(1), Role.DEVICE)


def test_each_role_has_its_need() -> None:
    account = Stage.owner(0)
    stage = new_stage()
    found(stage, "stake", NEED, {account: DEVICE, Stage.owner(1): MINER})
    miner = stage.join(1)
    assert refusal(lambda: stage.join(0))[0] == "PolicyRefused"
    stage.perform(act.RegisterDevice(stage.federation, miner, b"\1" * 32, 9, 9), account)


def test_the_list_alone_or_the_stake_alone_is_not_enough() -> None:
    listed, staked, both = (Stage.owner(number) for number in range(3))
    allowed = AllowList([(listed, Role.MINER), (both, Role.MINER)])
    stage = new_stage()
    found(stage, "allow-list-and-stake", allowed.root + NEED, {staked: MINER, both: MINER})
    assert refusal(lambda: stage.join(0, evidence=allowed.evidence(listed, Role.MINER)))[0] == "PolicyRefused"
    assert refusal(lambda: stage.join(1, evidence=allowed.evidence(both, Role.MINER)))[0] == "PolicyRefused"
    stage.join(2, evidence=allowed.evidence(both, Role.MINER))
    assert stage.world.allow_list_root(stage.federation) == allowed.root


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [("stake", NEED[1:]), ("stake", bytes(32) + NEED), ("allow-list-and-stake", NEED), ("stake", b"")],
)
def test_parameters_of_another_length_are_refused(policy: str, parameters: bytes) -> None:
    refused = refusal(lambda: found(new_stage(), policy, parameters))
    assert refused == ("PolicyInvalidParameters", parameters)


def test_without_a_vault_nobody_asks_for_stakes() -> None:
    stage = new_stage()
    assert refusal(lambda: found(stage, "stake", NEED, staked=False)) == ("PolicyInvalidParameters", NEED)
    both = bytes(32) + NEED
    assert refusal(lambda: found(stage, "allow-list-and-stake", both, staked=False)) == (
        "PolicyInvalidParameters",
        both,
    )


def test_what_is_refused_leaves_no_trace() -> None:
    """A creation that a policy refuses after it took the federation in, as a later module may."""
    stage = new_stage()
    found(stage, "stake", NEED)
    before = stage.world.federations()
    assert refusal(lambda: found(stage, "stake", b""))[0] == "PolicyInvalidParameters"
    assert stage.world.federations() == before
    assert stage.world.requester(before[0]) == REQUESTER
