"""Many transactions by many accounts, without a receipt for each: what brownie takes minutes for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from brownie import web3

GAS = hex(2**24)


def address(number: int) -> str:
    """An account that the chain lets send, though nobody has its key."""
    return str(web3.to_checksum_address(f"0x{number:040x}"))


def send(to: Any, data: str, sender: str) -> str:
    """Send, and return the transaction's hash."""
    request = {"from": sender, "to": to.address, "data": data, "gas": GAS, "gasPrice": "0x0"}
    answer = web3.provider.make_request("eth_sendTransaction", [request])
    assert "error" not in answer, answer
    return str(answer["result"])


def gas_used(hashes: Sequence[str]) -> list[int]:
    """Wait until all are mined, and return what each used; fails when one was refused."""
    receipts = [web3.eth.wait_for_transaction_receipt(h, timeout=60, poll_latency=0.002) for h in hashes]
    assert all(receipt["status"] == 1 for receipt in receipts)
    return [int(receipt["gasUsed"]) for receipt in receipts]
