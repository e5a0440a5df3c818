"""The contracts on a real chain, as the executable specification sees itself: actions in, events out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, get_args
from urllib.parse import urlsplit

from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import abi_to_signature, collapse_if_tuple
from scripts.sending import creation_address

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol import events
from minerva.protocol import reward_actions as pay
from minerva.protocol import stake_actions as bond
from minerva.protocol.cid import Cid
from minerva.protocol.events import Event
from minerva.protocol.header import Header
from minerva.protocol.machine import Emitted
from minerva.protocol.records import Address

Abi = dict[str, Any]
GAS = 15_000_000
UNKNOWN_TO_CLIENTS = ("Initialized", "Approval", "Transfer")
"""Events that no client has a use for."""

_KINDS = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True)
class Call:
    """A call of one contract: whom, which function, with what, and how much wei."""

    contract: Address
    function: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


class Contracts:
    """Factory, proof-of-work module and clones, over plain JSON-RPC: a step needs a hundred reads.

    Parameters
    ----------
    factory, proof_of_work, modules, policies, refusing
        Their addresses; those of the modules with turns and of the policies by name.
    token
        An ERC-20.
    abis
        The ABIs of all contracts; where two have a function of one name, the later is meant.
    uri
        Where the node answers.
    """

    def __init__(
        self,
        factory: Address,
        proof_of_work: Address,
        modules: Mapping[str, Address],
        token: Address,
        abis: Sequence[list[Abi]],
        uri: str,
        *,
        policies: Mapping[str, Address],
        refusing: Address,
    ) -> None:
        self.factory, self.proof_of_work, self.modules, self.token = factory, proof_of_work, modules, token
        self.policies, self.refusing = policies, refusing
        # Most answers are the same as a step ago, so nothing is encoded or decoded twice.
        self._requests: dict[Call, dict[str, str]] = {}
        self._results: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._node = HTTPConnection(urlsplit(uri).netloc, timeout=30)
        entries = [entry for abi in abis for entry in abi]
        self._functions = {e["name"]: e for e in entries if e["type"] == "function"}
        self._events = {keccak(text=abi_to_signature(e)): e for e in entries if e["type"] == "event"}
        self._errors = {keccak(text=abi_to_signature(e))[:4]: e for e in entries if e["type"] == "error"}
        self.chain_id = int(self._rpc("eth_chainId"), 16)
        self._rpc("anvil_autoImpersonateAccount", True)  # any address may send

    def error_names(self) -> set[str]:
        """All typed errors of the contracts."""
        return {abi["name"] for abi in self._errors.values()}

    def latest(self) -> int:
        """Timestamp of the latest block."""
        return int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def allocator(self) -> Callable[[int], Address]:
        """Where the factory's next clones will lie."""
        first = int(self._rpc("eth_getTransactionCount", self.factory, "latest"), 16)
        return lambda number: creation_address(self.factory, first + number)

    def balances(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """Their wei."""
        asked = [_payload("eth_getBalance", (account, "latest"), i) for i, account in enumerate(accounts)]
        answers = sorted(self._post(asked), key=lambda answer: answer["id"])
        return tuple(int(answer["result"], 16) for answer in answers)

    def endow(self, accounts: Sequence[Address], amount: int) -> None:
        """Let each have so much ether, and as much more of the token."""
        for account in accounts:
            self._rpc("anvil_setBalance", account, hex(amount))
            request = self._request(Call(self.token, "mint", (account, amount)))
            self._rpc("eth_sendTransactionSync", {**request, "from": accounts[0], "gasPrice": "0x0"})

    def attempt(self, action: act.Action, sender: Address, now: int) -> tuple[Any, ...]:
        """What the call would return at ``now``; raises `ContractReverted`, changes nothing."""
        call = call_of(action)
        request = {**self._request(call), "from": sender, "gas": hex(GAS)}
        answer = self._post(_payload("eth_call", (request, "latest", {}, {"time": hex(now)})))
        return self._result(call, answer)

    def execute(self, action: act.Action, sender: Address, now: int) -> tuple[list[Emitted], int]:
        """Mine the call in a block of timestamp ``now``; return what was emitted, and the block's prevrandao."""
        self._rpc("evm_setNextBlockTimestamp", now)
        request = {**self._request(call_of(action)), "from": sender, "gas": hex(GAS), "gasPrice": "0x0"}
        receipt = self._rpc("eth_sendTransactionSync", request)
        assert receipt["status"] == "0x1", "a call that would succeed has failed"
        named = [(to_checksum_address(log["address"]), *self._log(log)) for log in receipt["logs"]]
        block = self._rpc("eth_getBlockByNumber", receipt["blockNumber"], False)
        told = [(at, to_event(name, values)) for at, name, values in named if name not in UNKNOWN_TO_CLIENTS]
        return told, int(block["mixHash"], 16)

    def read(self, calls: Sequence[Call], now: int) -> list[tuple[Any, ...]]:
        """The outputs of many views at once, in a block of timestamp ``now``."""
        context = ("latest", {}, {"time": hex(now)})
        payloads = [_payload("eth_call", (self._request(c), *context), i) for i, c in enumerate(calls)]
        answers = sorted(self._post(payloads), key=lambda answer: answer["id"])
        return [self._result(call, answer) for call, answer in zip(calls, answers, strict=True)]

    def tokens(self, accounts: Sequence[Address]) -> tuple[int, ...]:
        """What they have of the token."""
        asked = [Call(self.token, "balanceOf", (account,)) for account in accounts]
        return tuple(answer[0] for answer in self.read(asked, self.latest()))

    def _request(self, call: Call) -> dict[str, str]:
        if call not in self._requests:
            abi = self._functions[call.function]
            types = [collapse_if_tuple(item) for item in abi["inputs"]]
            data = keccak(text=abi_to_signature(abi))[:4] + encode(types, call.arguments)
            self._requests[call] = {"to": call.contract, "data": "0x" + data.hex(), "value": hex(call.value)}
        return self._requests[call]

    def _result(self, call: Call, answer: Any) -> tuple[Any, ...]:
        if "error" in answer:
            raise self._revert(answer["error"])
        known = (call.function, answer["result"])
        if known not in self._results:
            outputs, data = self._functions[call.function]["outputs"], bytes.fromhex(answer["result"][2:])
            self._results[known] = _values(outputs, data)
        return self._results[known]

    def _revert(self, error: Any) -> ContractReverted:
        data = bytes.fromhex((error.get("data") or "0x")[2:])
        if data[:4] not in self._errors:
            return ContractReverted(f"0x{data.hex()}: {error['message']}")
        abi = self._errors[data[:4]]
        return ContractReverted(abi["name"], _values(abi["inputs"], data[4:]))

    def _log(self, log: Any) -> tuple[str, tuple[Any, ...]]:
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        abi = self._events[topics[0]]
        indexed = [item for item in abi["inputs"] if item["indexed"]]
        other = [item for item in abi["inputs"] if not item["indexed"]]
        values = dict(zip((i["name"] for i in indexed), _values(indexed, b"".join(topics[1:])), strict=True))
        plain = _values(other, bytes.fromhex(log["data"][2:]))
        values |= dict(zip((i["name"] for i in other), plain, strict=True))
        return abi["name"], tuple(values[item["name"]] for item in abi["inputs"])

    def _rpc(self, method: str, *parameters: Any) -> Any:
        answer = self._post(_payload(method, parameters))
        assert "error" not in answer, answer
        return answer["result"]

    def _post(self, payload: Any) -> Any:
        self._node.request("POST", "/", json.dumps(payload), {"Content-Type": "application/json"})
        return json.loads(self._node.getresponse().read())


def call_of(action: act.Action) -> Call:
    """The contract call that an action stands for."""
    match action:
        case act.CreateFederation():
            return Call(
                action.factory,
                "createFederation",
                (plain(action.config), plain(action.stake), plain(action.rewards)),
            )
        case act.RegisterMiner():
            return Call(action.factory, "createMiner", (action.federation, action.endpoint, action.evidence))
        case act.SetEndpoint():
            return Call(action.miner, "setEndpoint", (action.endpoint,))
        case act.LeaveMiner():
            return Call(action.federation, "leave")
        case act.CheckInMiner():
            return Call(action.federation, "checkIn")
        case act.RegisterDevice():
            commitment = (action.dataset_root, action.dataset_size, action.rate_ns)
            return Call(action.miner, "registerDevice", (*commitment, action.evidence))
        case act.LeaveDevice():
            return Call(action.miner, "leave")
        case act.CheckInDevice():
            return Call(action.miner, "checkIn")
        case act.SubmitUpdate():
            losses = (action.loss_before, action.loss_after)
            work = (action.samples, action.epochs, action.compute_us)
            return Call(action.miner, "submitUpdate", ((action.round, *_cid(action.cid), *work, *losses),))
        case act.Vote():
            return Call(action.federation, "vote", (action.round, action.updates_root, action.verdicts))
        case act.Propose():
            return Call(action.federation, "propose", (plain(action.header),))
        case act.Attest():
            return Call(action.federation, "attest", (action.round, action.candidate, action.approve))
        case act.Tick():
            return Call(action.federation, "tick")
        case act.Pause():
            return Call(action.federation, "pause")
        case act.Unpause():
            return Call(action.federation, "unpause")
        case act.Close():
            return Call(action.federation, "close")
        case act.ChangeConsensus():
            return Call(action.federation, "changeConsensus", (action.module, action.parameters))
        case act.Expel():
            return Call(action.federation, "expel", (action.index,))
        case pay.Fund():
            return Call(action.vault, "fund", (action.amount,), action.value)
        case pay.Approve():
            return Call(action.token, "approve", (action.spender, action.amount))
        case pay.Claim():
            return Call(action.vault, "claim", _entry(action))
        case pay.ClaimTo():
            return Call(action.vault, "claimTo", (*_entry(action), action.to, action.signature))
        case pay.ClaimAttestations():
            return Call(action.vault, "claimAttestations", (action.account,))
        case pay.Reclaim():
            return Call(action.vault, "reclaim")
        case bond.Deposit():
            return Call(action.vault, "deposit", (action.account, action.amount), action.value)
        case bond.Unbond():
            return Call(action.vault, "unbond", (action.amount,))
        case bond.Withdraw():
            return Call(action.vault, "withdraw", (action.to,))
        case bond.Burn():
            return Call(action.vault, "burn")
        case act.GrantRole():
            return Call(action.federation, "grantRole", (action.role, action.account))
        case act.RevokeRole():
            return Call(action.federation, "revokeRole", (action.role, action.account))
        case act.SetAllowList():
            return Call(action.policy, "setRoot", (action.federation, action.root))


def to_event(name: str, values: tuple[Any, ...]) -> Event:
    """A contract's event as the protocol's value; the fields are in the same order."""
    match name:
        case "FederationCreated":
            return events.FederationCreated(*values[:2], Cid(*values[2:]))
        case "UpdateSubmitted":
            return events.UpdateSubmitted(*values[:3], Cid(*values[3:5]), *values[5:])
        case "BlockProposed":
            *head, header, deadline = values
            fields = (*header[:6], Cid(*header[6]), Cid(*header[7]), *header[8:])
            return events.BlockProposed(*head, Header(*fields), deadline)
        case _:
            event: Event = _KINDS[name](*values)
            return event


def _entry(action: pay.Claim | pay.ClaimTo) -> tuple[Any, ...]:
    return (plain(action.header), action.account, action.cumulative, action.proof)


def _cid(cid: Cid) -> tuple[bytes, int]:
    return (cid.digest, cid.codec)


def plain(value: Any) -> tuple[Any, ...]:
    """A dataclass as its Solidity struct: the fields are in the same order."""
    values = [getattr(value, name) for name in type(value).__slots__]
    return tuple(_cid(value) if isinstance(value, Cid) else value for value in values)


def _values(abi: Sequence[Abi], data: bytes) -> tuple[Any, ...]:
    decoded = decode([collapse_if_tuple(item) for item in abi], data)
    return tuple(_value(item, value) for item, value in zip(abi, decoded, strict=True))


def _value(abi: Abi, value: Any) -> Any:
    """Addresses with their checksum, structs as tuples."""
    if abi["type"] == "address":
        return to_checksum_address(value)
    if abi["type"] == "tuple":
        return tuple(_value(item, part) for item, part in zip(abi["components"], value, strict=True))
    return value


def _payload(method: str, parameters: Sequence[Any], number: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(parameters)}
