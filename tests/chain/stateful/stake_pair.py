"""A stake vault and its executable specification, doing the same and compared after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from typing import Any

from eth_abi import decode
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import abi_to_signature
from support import clock
from support.stake import CHAIN_ID, LONGEST_ROUND, NOBODY, Stakes, account_of

from brownie import MockFederation, MockToken, StakeVault, web3
from minerva.errors import ContractReverted
from minerva.protocol import stake_events
from minerva.protocol.machine.stake import StakeVaultMachine
from minerva.protocol.records import Address
from minerva.protocol.state import Status

GAS = hex(10**7)
WEALTH = 10**9
"""What everybody has at first in ether; of a token it is enough to break every bound."""


@dataclass
class HeardFederation:
    """The specification's side of a federation that only listens."""

    address: Address
    round: int
    closed: bool = False
    heard: list[tuple[Address, int]] = field(default_factory=list)

    def current_round(self) -> int:
        return self.round

    def is_closed(self) -> bool:
        return self.closed

    def on_slashed(self, owner: Address, round: int) -> None:
        self.heard.append((owner, round))


class StakePair:
    """One vault in both worlds, and everybody's money.

    Attributes
    ----------
    errors, events
        What was met so far, over all pairs.
    """

    errors: Counter[str] = Counter()
    events: Counter[str] = Counter()

    def __init__(self, stakes: Stakes, accounts: list[Address]) -> None:
        self._stakes, self.vault, self.accounts = stakes, stakes.vault, accounts
        self._abis = [*StakeVault.abi, *MockToken.abi, *MockFederation.abi]
        self._federation = HeardFederation(stakes.federation.address, stakes.federation.currentRound())
        wealth = 2**130 if stakes.token else WEALTH
        self.balances: dict[Address, int] = dict.fromkeys(accounts, wealth)
        for account in (*accounts, NOBODY, self.vault.address):
            _rpc("anvil_setBalance", account, hex(WEALTH if account in accounts else 0))
        for account in accounts if stakes.token else ():
            stakes.give(account, wealth)
        self.now = clock.now()
        self._emitted: list[stake_events.StakeEvent] = []
        self.machine = StakeVaultMachine(
            self.vault.address, CHAIN_ID, self._federation, stakes.terms, LONGEST_ROUND, self.balances,
            self._emitted.append,
        )  # fmt: skip

    @property
    def federation(self) -> Address:
        """Who may tell of absences."""
        return self._federation.address

    @property
    def round(self) -> int:
        """The last round that opened."""
        return self._federation.round

    def open_round(self) -> None:
        """In both worlds."""
        self._federation.round += 1
        self._stakes.federation.setCurrentRound(self.round, {"from": account_of(self.accounts[0])})
        self.now = clock.now()

    def close(self) -> None:
        """In both worlds."""
        self._federation.closed = True
        self._stakes.federation.setStatus(Status.CLOSED, {"from": account_of(self.accounts[0])})
        self.now = clock.now()

    def perform(
        self,
        name: str,
        arguments: tuple[Any, ...],
        sender: Address,
        specified: Callable[[], Any],
        value: int = 0,
    ) -> None:
        """Call the vault's function, and do what is specified; they must agree in everything.

        A function that answers nothing answers None in both worlds.
        """
        request = {
            "from": sender, "to": self.vault.address, "gas": GAS, "gasPrice": "0x0", "value": hex(value),
            "data": getattr(self.vault, name).encode_input(*arguments),
        }  # fmt: skip
        call = ("eth_call", [request, "latest", {}, {"time": hex(self.now)}])
        given = web3.provider.make_request(*call)
        refusal = self._refusal(given["error"]) if "error" in given else None
        saved, balances = self.machine.save(), dict(self.balances)
        self._emitted.clear()
        self._federation.heard.clear()
        try:
            answer = specified()
        except ContractReverted as error:
            assert refusal == (error.name, error.arguments), f"{name}{arguments}"
            self.errors[error.name] += 1
            self.machine.restore(saved)
            assert self.balances == balances
            return
        assert refusal is None, f"{name}{arguments}: {refusal}"
        types = [output["type"] for output in getattr(self.vault, name).abi["outputs"]]
        answers = decode(types, bytes.fromhex(given["result"][2:]))
        expected = () if answer is None else answer if isinstance(answer, tuple) else (answer,)
        assert tuple(answers) == expected, name
        _rpc("evm_setNextBlockTimestamp", self.now)
        self._compare_logs(_rpc("eth_sendTransactionSync", request))
        self._compare_state()

    def _compare_logs(self, receipt: Any) -> None:
        assert receipt["status"] == "0x1"
        logs = [(to_checksum_address(log["address"]), *self._log(log)) for log in receipt["logs"]]
        found = [(name, values) for at, name, values in logs if at == self.vault.address]
        expected = [(type(event).__name__, astuple(event)) for event in self._emitted]
        assert found == expected
        heard = [values[1:] for at, _, values in logs if at == self.federation]
        assert heard == self._federation.heard
        self.events.update(name for name, _ in found)

    def _compare_state(self) -> None:
        vault, machine = self.vault, self.machine
        assert list(vault.lanes()) == machine.lanes()
        assert vault.slashed() == machine.slashed
        owed = machine.slashed
        for account in self.accounts:
            found = (*self._stakes.books(account), vault.unbondingOf(account)[1], vault.absencesOf(account))
            unbonding, release_at = machine.unbonding_of(account)
            bonded, bounty = machine.stake_of(account), machine.bounty_of(account)
            assert found == (bonded, unbonding, bounty, release_at, machine.absences_of(account))
            assert vault.isSufficient(account) is machine.is_sufficient(account)
            owed += bonded + unbonding + bounty
        for account in (*self.accounts, vault.address, NOBODY):
            expected = self.balances.get(account, 0)
            assert self._stakes.wealth(account) == expected, account
        assert self.balances.get(vault.address, 0) == owed, "the vault has what it owes"

    def _refusal(self, error: Any) -> tuple[str, tuple[Any, ...]]:
        data = bytes.fromhex((error.get("data") or "0x")[2:])
        for abi in self._abis:
            if abi["type"] == "error" and keccak(text=abi_to_signature(abi))[:4] == data[:4]:
                return abi["name"], _values(abi["inputs"], data[4:])
        return f"{error['message']}: {data.hex()}", ()

    def _log(self, log: Any) -> tuple[str, tuple[Any, ...]]:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        events = (abi for abi in self._abis if abi["type"] == "event")
        abi = next(abi for abi in events if keccak(text=abi_to_signature(abi)) == topics[0])
        indexed = [item for item in abi["inputs"] if item["indexed"]]
        other = [item for item in abi["inputs"] if not item["indexed"]]
        values = dict(zip((i["name"] for i in indexed), _values(indexed, b"".join(topics[1:])), strict=True))
        plain = _values(other, bytes.fromhex(log["data"][2:]))
        values |= dict(zip((i["name"] for i in other), plain, strict=True))
        return abi["name"], tuple(values[item["name"]] for item in abi["inputs"])


def _values(abi: list[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    types = [item["type"] for item in abi]
    return tuple(
        to_checksum_address(value) if kind == "address" else value
        for kind, value in zip(types, decode(types, data), strict=True)
    )


def _rpc(method: str, *parameters: Any) -> Any:
    answer = web3.provider.make_request(method, list(parameters))
    assert "error" not in answer, answer
    return answer["result"]
