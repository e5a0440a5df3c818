"""The vault as a federation and its people see it; what the federation's blocks are, the test says."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="session")
def world(accounts, MockClones, RewardVault):
    from support.rewards import World

    gc.freeze()  # brownie collects garbage at each revert, through all the compiler's output
    deployer = {"from": accounts[0]}
    return World(MockClones.deploy(deployer), RewardVault.deploy(deployer), accounts[0])


@pytest.fixture(autouse=True)
def isolation(world, chain):
    """Undo what the test does."""
    chain.snapshot()
    yield
    chain.revert()


@pytest.fixture
def token(MockToken, requester):
    return MockToken.deploy({"from": requester})


@pytest.fixture
def escrow(world):
    """Of ether, with nothing in it."""
    from support.rewards import Escrow

    return Escrow.create(world)


@pytest.fixture(params=["ether", "token"])
def paying(request, world):
    """Funded: of ether, and of a token."""
    from support.rewards import Escrow

    token = request.getfixturevalue("token") if request.param == "token" else None
    escrow = Escrow.create(world, token=token)
    escrow.fund()
    return escrow


@pytest.fixture
def funded(escrow):
    """Of ether, with all in it."""
    escrow.fund()
    return escrow
