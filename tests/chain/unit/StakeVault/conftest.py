"""One vault of ether and one of tokens, each under a federation of its own."""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="session")
def implementation(accounts, web3, StakeVault):
    gc.freeze()  # brownie collects garbage at each revert, through all the compiler's output
    web3.provider.make_request("anvil_autoImpersonateAccount", [True])  # any address may send
    return StakeVault.deploy({"from": accounts[0]})


@pytest.fixture(scope="session")
def vaults(implementation, accounts, MockToken):
    """Made before the first snapshot, so that no test's end undoes them."""
    from support.stake import Stakes

    token = MockToken.deploy({"from": accounts[0]})
    return {"ether": Stakes.create(implementation), "token": Stakes.create(implementation, token)}


@pytest.fixture(autouse=True)
def isolation(vaults, chain):
    """Undo what the test does."""
    chain.snapshot()
    yield
    chain.revert()


@pytest.fixture
def ether(vaults):
    return vaults["ether"]


@pytest.fixture
def token(vaults):
    return vaults["token"]


@pytest.fixture(params=["ether", "token"])
def either(request, vaults):
    """What holds for both kinds of money."""
    return vaults[request.param]


@pytest.fixture
def make(implementation):
    """A vault of one's own: what is not as in `TERMS`."""
    from support.stake import Stakes

    return lambda token=None, **changes: Stakes.create(implementation, token, **changes)


@pytest.fixture
def smart(MockAccount, accounts):
    """A smart account whose signatures are those of `MINER`'s key."""
    from support.stake import MINER

    return MockAccount.deploy(MINER.address, {"from": accounts[0]})


@pytest.fixture
def miner():
    """The account with the key."""
    from support.stake import MINER, account_of

    return account_of(MINER.address)
