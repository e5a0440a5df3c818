"""The chain's clock, in whole seconds."""

from __future__ import annotations

from brownie import web3


def now() -> int:
    """Timestamp of the latest block."""
    return int(web3.eth.get_block("latest")["timestamp"])


def next_block_at(timestamp: int) -> None:
    """Give the next transaction's block exactly this timestamp."""
    answer = web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])
    assert "error" not in answer, answer
