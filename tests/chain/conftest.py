"""Contracts deployed once, federations brought to each phase once; every test sees them unchanged."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def haste(web3):
    """Leave out what brownie and web3 do for each call and no test needs; it is a third of a run."""
    from brownie.network.rpc import Rpc

    provider = web3.provider
    provider.cache_allowed_requests, provider.cacheable_requests = True, {"eth_chainId"}
    # The proxies and the passwords of the environment are looked for at each request.
    provider._request_session_manager.cache_and_return_session(provider.endpoint_uri).trust_env = False
    with pytest.MonkeyPatch.context() as patch:
        for name in ("snapshot", "revert", "mine", "sleep"):
            # Each is wrapped in a check that reads the source of every caller.
            if wrapper := getattr(Rpc, name).__closure__:
                patch.setattr(Rpc, name, wrapper[0].cell_contents)
        yield


@pytest.fixture(scope="session", autouse=True)
def patience(web3):
    """Wait for the receipt first, where brownie asks for the sender's nonce.

    While anvil puts a block together its nonces are new and its receipts are not yet there, and brownie takes
    the transaction for a dropped one.
    """
    from brownie.network.state import Chain
    from brownie.network.transaction import TransactionReceipt

    await_confirmation = TransactionReceipt._await_confirmation

    def await_receipt(self, *args, **kwargs):
        web3.eth.wait_for_transaction_receipt(self.txid, timeout=60, poll_latency=0.002)
        return await_confirmation(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionReceipt, "_await_confirmation", await_receipt)
        # A snapshot after every transaction is for `chain.undo`, which no test uses.
        patch.setattr(Chain, "_add_to_undo_buffer", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def deployed(
    accounts,
    web3,
    Federation,
    FederationExtension,
    Miner,
    StakeVault,
    RewardVault,
    FederationFactory,
    ProofOfWork,
    MockConsensus,
):
    from support.scene import Deployed

    gc.freeze()  # brownie collects garbage at each revert, through all the compiler's output
    web3.provider.make_request("anvil_autoImpersonateAccount", [True])  # any address may send
    deployer = {"from": accounts[0]}
    federation = Federation.deploy(FederationExtension.deploy(deployer), deployer)
    vaults = StakeVault.deploy(deployer), RewardVault.deploy(deployer)
    factory = FederationFactory.deploy(federation, Miner.deploy(deployer), *vaults, deployer)
    return Deployed(factory, ProofOfWork.deploy(deployer), MockConsensus.deploy(deployer))


@pytest.fixture(scope="session")
def requester(accounts):
    return accounts[0]


@pytest.fixture(scope="session")
def owners(accounts):
    return accounts[1:7]


@pytest.fixture(scope="session")
def devices(accounts):
    return accounts[7:17]


@pytest.fixture(scope="session")
def stranger(accounts):
    return accounts[19]
