"""From logs and revert data to the protocol's events and errors, by the ABIs of a deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from eth_utils.abi import function_abi_to_4byte_selector

from minerva.chain.abi import Abi, AbiMismatch, EventType, Function, Values, checksummed, entries
from minerva.chain.erc20 import ERC20
from minerva.chain.rpc import RpcError
from minerva.errors import ContractReverted
from minerva.protocol.events import Event, Log

CONTRACTS = (
    "FederationFactory", "Federation", "FederationExtension", "Miner", "ProofOfWork", "ProofOfStake",
    "ProofOfReputation", "CommitteeConsensus", "StakeVault", "RewardVault", "AllowListPolicy", "StakePolicy",
    "AllowListAndStakePolicy",
)  # fmt: skip
"""Those whose functions, events and errors the client knows."""
_STANDARD: Abi = [
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
]
_HEX = re.compile(r"0x([0-9a-fA-F]*)")


class Codec:
    """Everything that the contracts say, in the protocol's terms.

    Parameters
    ----------
    abis
        ABI by the contract's name.

    Raises
    ------
    AbiMismatch
        An event of the protocol is missing, or its parameters are others.
    """

    def __init__(self, abis: Mapping[str, Abi]) -> None:
        self._functions = {
            (contract, entry["name"]): Function(entry)
            for contract in CONTRACTS
            for entry in entries(abis[contract], "function")
        }
        declared = {e["name"]: e for contract in CONTRACTS for e in entries(abis[contract], "event")}
        kinds: tuple[type[Event], ...] = get_args(Event)
        if missing := [kind.__name__ for kind in kinds if kind.__name__ not in declared]:
            raise AbiMismatch(f"no event {', '.join(missing)}")
        types = [EventType(kind, declared[kind.__name__]) for kind in kinds]
        self._events = {event.topic: event for event in types}
        self._errors: dict[bytes, tuple[str, Values]] = {}
        for abi in (*(abis[contract] for contract in CONTRACTS), ERC20, _STANDARD):
            for entry in entries(abi, "error"):
                selector = bytes(function_abi_to_4byte_selector(entry))  # type: ignore[arg-type]
                self._errors[selector] = entry["name"], Values(entry["inputs"])

    def function(self, contract: str, name: str) -> Function:
        """Return a function of a contract; raises `AbiMismatch` when it has none of that name."""
        try:
            return self._functions[contract, name]
        except KeyError:
            raise AbiMismatch(f"{contract} has no function {name!r}") from None

    def topics(self, *kinds: type[Event]) -> list[str]:
        """Return the first topic of each of these events, or of all that the protocol knows."""
        return ["0x" + t.hex() for t, event in self._events.items() if not kinds or event.kind in kinds]

    def log(self, entry: Mapping[str, Any], timestamp: int) -> Log | None:
        """Decode a log entry of JSON-RPC; None for an event that the protocol does not know."""
        topics = [bytes.fromhex(topic[2:]) for topic in entry["topics"]]
        if not topics or (kind := self._events.get(topics[0])) is None:
            return None
        return Log(
            kind.decode(topics, bytes.fromhex(entry["data"][2:])),
            checksummed(entry["address"]),
            int(entry["blockNumber"], 16),
            bytes.fromhex(entry["blockHash"][2:]),
            int(entry["logIndex"], 16),
            timestamp,
            bytes.fromhex(entry["transactionHash"][2:]),
        )

    def logs(self, items: Iterable[tuple[Mapping[str, Any], int]]) -> list[Log]:
        """Decode log entries with their timestamps, and put them in chain order."""
        decoded = [log for entry, timestamp in items if (log := self.log(entry, timestamp)) is not None]
        return sorted(decoded, key=lambda log: (log.block_number, log.log_index))

    def revert(self, data: bytes, message: str = "") -> ContractReverted:
        """Make the typed error of revert data; ``message`` stands in where there is none."""
        if not data:
            return ContractReverted("NoReason", (message,) if message else ())
        name, values = self._errors.get(data[:4], ("Unknown", None))
        if values is None:
            return ContractReverted(name, (data,), remedy="Is the deployment file that of these contracts?")
        try:
            return ContractReverted(name, values.decode(data[4:]))
        except AbiMismatch:
            return ContractReverted(name, (data[4:],))

    def refusal(self, error: RpcError) -> ContractReverted | None:
        """Make the typed error that a node's answer carries; None when it is no revert.

        Nodes differ in where they put the data: a string, a string with words before it, or a dictionary.
        """
        found = error.data.get("data") if isinstance(error.data, dict) else error.data
        match = _HEX.search(found) if isinstance(found, str) else None
        if match is None and error.code != 3 and "revert" not in error.message:
            return None
        digits = match[1] if match else ""
        return self.revert(bytes.fromhex(digits[: len(digits) // 2 * 2]), error.message)
