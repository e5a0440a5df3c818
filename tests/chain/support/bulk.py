"""Many transactions by many accounts, without a receipt for each: what brownie takes minutes for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import requests

from brownie import web3

GAS = hex(2**24)


def address(number: int) -> str:
    """An account that the chain lets send, though nobody has its key."""
    return str(web3.to_checksum_address(f"0x{number:040x}"))


def send(to: Any, data: str, sender: str) -> str:
    """Send, and return the transaction's hash."""
    return str(_ask("eth_sendTransaction", _request(to, data, sender)))


def gas_used(hashes: Sequence[str]) -> list[int]:
    """Wait until all are mined, and return what each used; fails when one was refused."""
    receipts = [web3.eth.wait_for_transaction_receipt(h, timeout=60, poll_latency=0.002) for h in hashes]
    assert all(receipt["status"] == 1 for receipt in receipts)
    return [int(receipt["gasUsed"]) for receipt in receipts]


def send_in_one_block(calls: Iterable[tuple[Any, str, str]]) -> list[str]:
    """Send all (contract, data, sender) in one request into one block, in an order of the chain's; their hashes."""
    batch = [
        {"jsonrpc": "2.0", "id": i, "method": "eth_sendTransaction", "params": [_request(*call)]}
        for i, call in enumerate(calls)
    ]
    if not batch:
        return []
    _ask("evm_setAutomine", False)
    try:
        answers = requests.post(web3.provider.endpoint_uri, json=batch, timeout=60).json()
        _ask("evm_mine")
    finally:
        _ask("evm_setAutomine", True)
    return [str(answer["result"]) for answer in sorted(answers, key=itemgetter("id"))]


def gas_in_last_block(hashes: Sequence[str]) -> list[int]:
    """What transactions of the last block used; fails when one was refused."""
    receipts = {receipt["transactionHash"]: receipt for receipt in _ask("eth_getBlockReceipts", "latest")}
    assert all(int(receipts[h]["status"], 16) == 1 for h in hashes)
    return [int(receipts[h]["gasUsed"], 16) for h in hashes]


def _request(to: Any, data: str, sender: str) -> dict[str, str]:
    return {"from": sender, "to": to.address, "data": data, "gas": GAS, "gasPrice": "0x0"}


def _ask(method: str, *parameters: Any) -> Any:
    answer = web3.provider.make_request(method, list(parameters))
    assert "error" not in answer, answer
    return answer["result"]
