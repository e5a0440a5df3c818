"""The modules that take turns, as federations use them: a test plays the federation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from itertools import count
from typing import Any

import pytest
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import abi_to_signature, collapse_if_tuple

from brownie import web3
from minerva.errors import ContractReverted
from minerva.protocol.lanes import pack
from minerva.protocol.machine import Claim
from minerva.protocol.weights import ReputationTerms
from support import bulk

CHAIN_ID = 31337
HEAD = b"\x4e" * 32
TERMS = ReputationTerms(start=100, cap=1000, decay_permille=900, presence=5, ballot=20, block=10)
SIZE = 3
PARAMETERS = {"pos": b"", "por": TERMS.encode(), "committee": encode(["uint8"], [SIZE])}
NAMES = tuple(PARAMETERS)
EVERYBODY = 2**64 - 1

_next = count(0xFED_5000)


@dataclass
class Sent:
    """What a call brought about: its result, its events, its gas, and the block's prevrandao."""

    result: tuple[Any, ...]
    events: list[tuple[str, tuple[Any, ...]]]
    gas: int
    randao: int


@dataclass
class Seat:
    """A federation before a module; for the proof of stake it is a contract that has a vault."""

    module: Any
    name: str
    address: str
    stakes: Any = None
    round: int = field(default=0)

    def call(self, function: str, *values: Any, sender: str | None = None) -> tuple[Any, ...]:
        """What the call would return; raises `ContractReverted`, changes nothing."""
        abi, data = self._encode(function, values)
        request = {"from": sender or self.address, "to": self.module.address, "data": data, "gas": bulk.GAS}
        answer = web3.provider.make_request("eth_call", [request, "latest"])
        if "error" in answer:
            raise self._refusal(answer["error"])
        return _values(abi["outputs"], bytes.fromhex(answer["result"][2:]))

    def send(self, function: str, *values: Any) -> Sent:
        """Do it; raises `ContractReverted` where it is refused."""
        result = self.call(function, *values)
        hash_ = bulk.send(self.module, self._encode(function, values)[1], self.address)
        (gas,) = bulk.gas_used([hash_])
        receipt = web3.eth.get_transaction_receipt(hash_)
        block = web3.eth.get_block(receipt["blockNumber"])
        return Sent(
            result, [self._event(log) for log in receipt["logs"]], gas, int(block["mixHash"].hex(), 16)
        )

    def configure(self, parameters: bytes | None = None) -> Seat:
        """Choose the module."""
        self.send("configure", PARAMETERS[self.name] if parameters is None else parameters)
        return self

    def open(self, snapshot: int, head: bytes = HEAD) -> Sent:
        """Open the next round."""
        self.round += 1
        return self.send("open", self.round, snapshot, head)

    def claim(self, index: int, turn: int = 0, eligible: int = EVERYBODY) -> Claim:
        """What the miner at ``index`` claims when it proposes."""
        roots = (HEAD, b"\xbb" * 32, b"\xcc" * 32)
        return Claim(self.round, *roots, bulk.address(0x1000 + index), index, turn, eligible)

    def propose(self, weights: Sequence[int] = (), turn: int = 0, eligible: int = EVERYBODY) -> Sent:
        """Whoever's turn it is proposes."""
        index, anybody = self.call("proposer", self.address, turn, eligible)
        assert anybody
        return self.send("propose", astuple(self.claim(index, turn, eligible)), b"", list(weights))

    def block(self, weights: Sequence[int] = ()) -> Sent:
        """A block with these weights."""
        self.propose(weights)
        return self.send("onFinalized", self.round, 10)

    def order(self) -> tuple[int, ...]:
        """The voters in their order."""
        return tuple(self.call("order", self.address)[0])

    def lanes(self) -> tuple[int, ...]:
        """The lanes that stand."""
        return tuple(self.call("lanes", self.address)[0])

    def weigh(self, mask: int) -> int:
        """What voters weigh together."""
        return int(self.call("weigh", mask)[0])

    def stake(self, weights: dict[int, int]) -> None:
        """From now on the miners have these stakes, in units."""
        words = [*pack(weights), 0, 0, 0, 0][:4]
        bulk.gas_used([bulk.send(self.stakes, self.stakes.setLanes.encode_input(words), self.address)])

    def _encode(self, function: str, values: Sequence[Any]) -> tuple[dict[str, Any], str]:
        (abi,) = [e for e in self.module.abi if e.get("name") == function and e["type"] == "function"]
        types = [collapse_if_tuple(item) for item in abi["inputs"]]
        return abi, "0x" + (keccak(text=abi_to_signature(abi))[:4] + encode(types, values)).hex()

    def _refusal(self, error: Any) -> ContractReverted:
        data = bytes.fromhex((error.get("data") or "0x")[2:])
        for abi in self.module.abi:
            if abi["type"] == "error" and keccak(text=abi_to_signature(abi))[:4] == data[:4]:
                return ContractReverted(abi["name"], _values(abi["inputs"], data[4:]))
        return ContractReverted(f"0x{data.hex()}", (error["message"],))

    def _event(self, log: Any) -> tuple[str, tuple[Any, ...]]:
        topics = [bytes(topic) for topic in log["topics"]]
        (abi,) = [
            e
            for e in self.module.abi
            if e["type"] == "event" and keccak(text=abi_to_signature(e)) == topics[0]
        ]
        indexed = _values([i for i in abi["inputs"] if i["indexed"]], b"".join(topics[1:]))
        # In all of these events the indexed values come first.
        return abi["name"], (*indexed, *_values([i for i in abi["inputs"] if not i["indexed"]], log["data"]))


@dataclass
class Kit:
    """The modules, deployed."""

    contracts: dict[str, Any]
    mock_stakes: Any
    deployer: Any

    def seat(self, name: str) -> Seat:
        """A federation that nobody used before, not configured; with a vault where the module wants one."""
        if name != "pos":
            return Seat(self.contracts[name], name, bulk.address(next(_next)))
        stakes = self.mock_stakes.deploy({"from": self.deployer})
        stakes.setStakeVault(stakes, {"from": self.deployer})
        return Seat(self.contracts[name], name, stakes.address, stakes)

    def opened(self, name: str, snapshot: int, stakes: dict[int, int] | None = None) -> Seat:
        """A federation in round 1."""
        seat = self.seat(name).configure()
        if name == "pos" and stakes:
            seat.stake(stakes)
        seat.open(snapshot)
        return seat


@contextmanager
def refuses(error: str, *values: Any) -> Iterator[None]:
    """Expect the typed ``error`` with exactly these values."""
    with pytest.raises(ContractReverted) as caught:
        yield
    assert (caught.value.name, caught.value.arguments) == (error, values)


@pytest.fixture(scope="session")
def kit(ProofOfStake, ProofOfReputation, CommitteeConsensus, MockStakes, accounts, web3):
    """All of a session's tests share the modules, each with federations of its own."""
    web3.provider.make_request("anvil_autoImpersonateAccount", [True])  # any address may send
    deployed = [
        contract.deploy({"from": accounts[0]})
        for contract in (ProofOfStake, ProofOfReputation, CommitteeConsensus)
    ]
    return Kit(dict(zip(NAMES, deployed, strict=True)), MockStakes, accounts[0])


@pytest.fixture
def isolation():
    """Nothing is undone: every test has federations of its own."""


def _values(abi: Sequence[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    types = [collapse_if_tuple(item) for item in abi]
    return tuple(
        to_checksum_address(v) if t == "address" else v
        for t, v in zip(types, decode(types, data), strict=True)
    )
