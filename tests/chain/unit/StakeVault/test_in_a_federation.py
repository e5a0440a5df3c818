"""The vault under a real federation, from the factory on: joining, an offence, leaving (S4 to S7)."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from eth_abi import encode
from support import clock
from support.errors import reverts
from support.stake import MINER, TERMS, Stakes, account_of

from brownie import Contract
from minerva.protocol.records import ZERO_ADDRESS

CID = (b"\x11" * 32, 0x55)
NOTHING_PAID = (ZERO_ADDRESS, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def deploy(implementation, accounts, Federation, FederationExtension, FederationFactory, Miner, ProofOfWork):
    """A federation with stake, its vault and its factory."""
    by = {"from": accounts[0]}
    core = Federation.deploy(FederationExtension.deploy(by), by)
    miner = Miner.deploy(by)
    factory = FederationFactory.deploy(core, miner, implementation, miner, by)
    config = (
        CID, CID, ProofOfWork.deploy(by), encode(["uint64", "uint32"], [4, 10]), 5, 1, 5, 1, 10, 1, 6, 2,
        100, 60, 20, 50, 40, 1, 2, 1000, 10**6, 0, ZERO_ADDRESS, b"",
    )  # fmt: skip
    terms = replace(TERMS, minimum=1500)
    transaction = factory.createFederation(config, astuple(terms), NOTHING_PAID, by)
    address = transaction.events["FederationCreated"]["federation"]
    abi = [*Federation.abi, *(entry for entry in FederationExtension.abi if entry not in Federation.abi)]
    federation = Contract.from_abi("Federation", address, abi, persist=False)
    vault = Contract.from_abi("StakeVault", federation.stakeVault(), implementation.abi, persist=False)
    return Stakes(vault, federation, terms), factory


def test_a_member_from_joining_to_leaving(deploy, accounts, stranger, Miner):
    stakes, factory = deploy
    federation, owner = stakes.federation, account_of(MINER.address)
    # The longest round: (1 + 1) × (100 + 60 + 50) + 2 × (50 + 40) + 1000.
    assert stakes.vault.unbondingSeconds() == 3600 + 1600

    with reverts("StakeVaultTooLow", owner, 0, 1500):
        factory.createMiner(federation, "http://miner", b"", {"from": owner})
    stakes.deposit(owner, 2000)
    joined = factory.createMiner(federation, "http://miner", b"", {"from": owner})
    assert stakes.lane(0) == 20

    miner = Contract.from_abi("Miner", joined.events["MinerCreated"]["miner"], Miner.abi, persist=False)
    miner.registerDevice(b"\x0d" * 32, 100, 5_000, b"", {"from": accounts[3]})
    federation.tick({"from": stranger})
    assert federation.currentRound() == 1

    with reverts("StakeVaultNoEvidence", owner):
        stakes.report(stranger, round=2)
    stakes.report(stranger, round=1)
    assert (stakes.lane(0), federation.state()["dormant"]) == (10, 1)

    with reverts("StakeVaultTooLow", owner, 1000, 1500):
        federation.checkIn({"from": owner})
    stakes.deposit(owner, 500)
    federation.checkIn({"from": owner})
    assert federation.state()["dormant"] == 0

    federation.leave({"from": owner})
    with reverts("StakeVaultInUse", owner, 0, 1500):
        stakes.vault.unbond(1500, {"from": owner})
    federation.close({"from": accounts[0]})
    for _ in range(2):  # Training is extended once, then the round is skipped, and its end lets the miner go
        clock.next_block_at(federation.state()["deadline"])
        federation.tick({"from": stranger})
    assert stakes.lane(0) == 0
    stakes.vault.unbond(1500, {"from": owner})
    assert stakes.books(owner) == (0, 1500, 0)
