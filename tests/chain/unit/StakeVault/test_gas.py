"""What the transactions cost, as deterministic as the gas; the budget is a test."""

from __future__ import annotations

from support.stake import MINER, ROUND


def test_a_members_transactions(ether, stranger):
    """The first deposit and report of an account write new storage."""
    assert ether.deposit(MINER.address, 2000).gas_used <= 60_000
    assert ether.vault.enter(MINER.address, 0, ether.by_federation).gas_used <= 80_000
    assert ether.deposit(MINER.address, 2000).gas_used <= 50_000
    ether.deposit(MINER.address, 2000)
    assert ether.miss(MINER.address).gas_used <= 45_000
    assert ether.miss(MINER.address, 2).gas_used <= 80_000
    assert ether.vault.punish(MINER.address, ROUND, 0, ether.by_federation).gas_used <= 60_000
    assert ether.report(stranger).gas_used <= 130_000


def test_code_fits(StakeVault):
    """EIP-170."""
    assert len(StakeVault._build["deployedBytecode"]) // 2 <= 24_576
