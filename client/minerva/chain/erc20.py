"""What the client knows of ERC-20 tokens: the functions that it calls, and OpenZeppelin's errors (ERC-6093)."""

from __future__ import annotations

from typing import Any

from minerva.chain.abi import Abi


def _parameters(types: str, names: str = "") -> list[dict[str, Any]]:
    kinds, known = types.split(), names.split()
    return [
        {"name": name, "type": kind} for kind, name in zip(kinds, known or [""] * len(kinds), strict=True)
    ]


def _function(name: str, inputs: str, output: str) -> dict[str, Any]:
    return {
        "type": "function", "name": name, "inputs": _parameters(inputs), "outputs": _parameters(output),
    }  # fmt: skip


def _error(name: str, inputs: str, names: str) -> dict[str, Any]:
    return {"type": "error", "name": name, "inputs": _parameters(inputs, names)}


ERC20: Abi = [
    _function("balanceOf", "address", "uint256"),
    _function("allowance", "address address", "uint256"),
    _function("approve", "address uint256", "bool"),
    _error("ERC20InsufficientBalance", "address uint256 uint256", "sender balance needed"),
    _error("ERC20InsufficientAllowance", "address uint256 uint256", "spender allowance needed"),
]
