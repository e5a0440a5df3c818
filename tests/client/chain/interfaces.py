"""ABIs read from the Solidity interfaces, which need no compiler: they are plain declarations."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "contracts" / "interfaces"
FILES = {
    "FederationFactory": ("IFederationFactory",),
    "Federation": ("IFederationSigns", "IFederationRounds"),
    "FederationExtension": ("IFederationControl", "IFederationViews"),
    "Miner": ("IMiner",),
    "ProofOfWork": ("IConsensus", "IProofOfWork"),
    "ProofOfStake": ("IConsensus", "IScheduledConsensus"),
    "ProofOfReputation": ("IConsensus", "IScheduledConsensus"),
    "CommitteeConsensus": ("IConsensus", "IScheduledConsensus"),
    "StakeVault": ("IStakeVault",),
    "RewardVault": ("IRewardVault",),
    "AllowListPolicy": ("IMembershipPolicy",),
    "StakePolicy": ("IMembershipPolicy",),
    "AllowListAndStakePolicy": ("IMembershipPolicy",),
}
OUTSIDE = {
    "AllowListPolicy": """
        event AllowListChanged(address indexed federation, bytes32 root);
        function rootOf(address federation) external view returns (bytes32);
        function setRoot(address federation, bytes32 root) external;
    """,
    "FederationExtension": """
        event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
        event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
        function grantRole(bytes32 role, address account) external;
        function revokeRole(bytes32 role, address account) external;
    """,
}
"""What contracts declare themselves, and what OpenZeppelin's AccessControl declares."""
Entry = dict[str, Any]


@cache
def _source(name: str) -> str:
    return re.sub(r"//[^\n]*", "", (FOLDER / f"{name}.sol").read_text(encoding="utf-8"))


@cache
def _types() -> tuple[dict[str, str], set[str]]:
    texts = _source("Types") + _source("IConsensus") + _source("IStakeVault")
    structs = dict(re.findall(r"struct (\w+) \{([^}]*)\}", texts))
    return structs, set(re.findall(r"enum (\w+)", texts))


def _parameter(text: str) -> Entry:
    kind, *rest = text.split()
    structs, enums = _types()
    name = rest[-1] if rest and rest[-1] not in ("memory", "calldata", "indexed") else ""
    entry: Entry = {"name": name, "type": kind, "internalType": kind, "indexed": "indexed" in rest}
    if kind in structs:
        entry |= {
            "type": "tuple",
            "components": _parameters(structs[kind].replace(";", ",")),
            "internalType": f"struct {kind}",
        }
    elif kind in enums:
        entry |= {"type": "uint8", "internalType": f"enum {kind}"}
    elif kind[0].isupper() or kind == "IConsensus":
        entry["type"] = "address"
    return entry


def _parameters(text: str) -> list[Entry]:
    return [_parameter(part) for part in text.split(",") if part.strip()]


def abi(contract: str) -> list[Entry]:
    """ABI of a contract's interface."""
    entries: list[Entry] = []
    for source in (*map(_source, FILES[contract]), OUTSIDE.get(contract, "")):
        for kind, member, inputs in re.findall(r"\b(event|error) (\w+)\(([^)]*)\)", source):
            entries.append({"type": kind, "name": member, "inputs": _parameters(inputs)})
        for member, inputs, outputs in re.findall(
            r"function (\w+)\(([^)]*)\)[^;{]*?(?:returns \(([^)]*)\))?;", source
        ):
            entries.append(
                {
                    "type": "function",
                    "name": member,
                    "inputs": _parameters(inputs),
                    "outputs": _parameters(outputs),
                }
            )
    return entries


def abis() -> dict[str, list[Entry]]:
    """ABIs of all contracts, by name."""
    return {contract: abi(contract) for contract in FILES}
