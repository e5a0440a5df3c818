"""The policy, and a federation that asks it."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="session")
def policy(accounts, StakePolicy):
    gc.freeze()  # brownie collects garbage at each revert, through all the compiler's output
    return StakePolicy.deploy({"from": accounts[0]})


@pytest.fixture(autouse=True)
def isolation(policy, chain):
    """Undo what the test does."""
    chain.snapshot()
    yield
    chain.revert()


@pytest.fixture
def door(policy, requester):
    from support.policies import Door

    return Door.create(policy, requester)
