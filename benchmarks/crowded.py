"""A federation of many rounds and devices on a development chain, made of real transactions that nobody signs.

The contracts are the real ones, the difficulty of the proof of work is small, and the chain's clock is moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from eth_utils.crypto import keccak

from minerva.chain.abi import checksummed
from minerva.chain.calls import Call
from minerva.chain.deployment import Deployment
from minerva.chain.rpc import Rpc, RpcError
from minerva.config import CreateSection
from minerva.connect import connect, connect_actor
from minerva.keys import ANVIL_CHAIN_ID
from minerva.learning.task import load_task
from minerva.protocol import actions as act
from minerva.protocol.cid import RAW, Cid
from minerva.protocol.header import Header
from minerva.protocol.machine.consensus import Claim
from minerva.protocol.machine.proof_of_work import meets, pow_seed
from minerva.protocol.reasons import Reason
from minerva.protocol.records import ZERO32, Address, hash_list
from minerva.requester import create_federation
from minerva.stack.parts import Stack
from minerva.store import open_store

MINERS = 4
ACCEPT = 0xFF
BLOCK_SECONDS = 1
_OWNERS, _DEVICES = 0x6400_0001, 0xD000_0001
_GAS = hex(2_000_000)
_RICH = hex(10**24)


def make(stack: Stack, rounds: int, devices: int) -> dict[str, Any]:
    """Create a federation, let people join, and run its rounds.

    Returns
    -------
    dict
        The addresses of the federation and of its miners, and from which block on there are events.
    """
    options = CreateSection(
        rounds=rounds + 1, aggregation="fedavg", min_miners=MINERS, max_miners=MINERS, min_devices=devices,
        max_devices=devices, max_joins=devices, min_updates=devices, difficulty=4, target_seconds=BLOCK_SECONDS,
    )  # fmt: skip
    requester = stack.settings("requester", 0)
    with closing(connect(requester)) as chain, closing(open_store(stack.store_urls[0])) as store:
        actor = connect_actor(chain, requester)
        federation, _ = create_federation(chain, actor, store, load_task("digits"), options)
    crowd = Crowd(stack, federation, devices)
    crowd.join()
    for round in range(1, rounds + 1):
        crowd.round(round)
    crowd.leave()
    return {"federation": federation, "miners": crowd.miners, "from": crowd.first}


class Crowd:
    """Miners, and devices in equal shares, of one federation."""

    def __init__(self, stack: Stack, federation: Address, devices: int) -> None:
        self.federation = federation
        self.rpc = Rpc(stack.rpc, timeout=60.0)
        self.reader, self.gateways = Deployment.load(stack.deployment).bind(self.rpc)
        self.factory = Deployment.load(stack.deployment).factory
        self.owners = [_address(_OWNERS + i) for i in range(MINERS)]
        self.devices = [_address(_DEVICES + i) for i in range(devices)]
        self.miners: list[Address] = []
        latest = self.rpc.call("eth_getBlockByNumber", "latest", False)
        self.time, self.first = int(latest["timestamp"], 16), int(latest["number"], 16)
        self.rpc.call("anvil_autoImpersonateAccount", True)
        self.rpc.call("evm_setAutomine", False)
        self._all([("anvil_setBalance", (a, _RICH)) for a in (*self.owners, *self.devices)])

    def join(self) -> None:
        """Everybody joins, and the first round opens."""
        contract = self.gateways.federation(self.federation)
        register = act.RegisterMiner(self.factory, self.federation, "http://miner.example:8443")
        for owner in self.owners:  # one by one: the order gives them their indices
            self._block([(owner, register)])
        members = self.reader.read_all([contract.member(i) for i in range(MINERS)])
        self.miners = [address for _, address in members]
        self._block(
            [
                (
                    device,
                    act.RegisterDevice(
                        self.federation, self._miner(number), b"\x0d" * 32, 1000 + number, 5_000
                    ),
                )
                for number, device in enumerate(self.devices)
            ]
        )
        self._block([(self.owners[0], act.Tick(self.federation, 0, 0))])

    def round(self, round: int) -> None:
        """Run one round: all submit, all vote, the first miner proposes, and as many attest as it takes."""
        self._block([(device, self._update(round, n)) for n, device in enumerate(self.devices)])
        pools = self.reader.read_all([self.gateways.miner(miner).pool(round) for miner in self.miners])
        root = hash_list(pool.head for pool in pools)
        verdicts = self._verdicts(round)
        self._block([(owner, act.Vote(self.federation, round, root, verdicts)) for owner in self.owners])
        header = self._header(round)
        self._block([(self.owners[0], act.Propose(self.federation, header))])
        attest = act.Attest(self.federation, round, header.hash(), True)
        self._block([(owner, attest) for owner in self.owners[1 : MINERS // 2 + 1]])

    def leave(self) -> None:
        """Give the chain back as it was: a block for each transaction, which its sender signs."""
        self.rpc.call("evm_setAutomine", True)
        self.rpc.call("anvil_autoImpersonateAccount", False)
        self.rpc.close()

    def _miner(self, device: int) -> Address:
        return self.miners[device % MINERS]

    def _update(self, round: int, number: int) -> act.SubmitUpdate:
        digest = keccak(round.to_bytes(4, "big") + number.to_bytes(4, "big"))
        before = 2_302_585 // (1 + round // 50) + number
        measured = (1000 + number, 5, 123_456_789, before, before * 9 // 10)
        return act.SubmitUpdate(self.federation, self._miner(number), round, Cid(digest, RAW), *measured)

    def _verdicts(self, round: int) -> bytes:
        """One update is refused in each round."""
        verdicts = bytearray([ACCEPT] * len(self.devices))
        verdicts[round % len(verdicts)] = Reason.OUT_OF_BOUND
        return bytes(verdicts)

    def _header(self, round: int) -> Header:
        federation = self.gateways.federation(self.federation)
        state = self.reader.read(federation.state())
        difficulty = self.reader.read(self.gateways.proof_of_work.difficulty(self.federation))
        claim = Claim(round, state.head, state.updates_root, state.ballots_root, self.miners[0])
        seed = pow_seed(ANVIL_CHAIN_ID, self.federation, claim)
        nonce = next(n for n in range(1 << 24) if meets(seed, n, max(1, difficulty)))
        return Header(
            number=state.height + 1, parent=state.head, round=round, updates_root=state.updates_root,
            ballots_root=state.ballots_root, accepted_root=keccak(text="accepted"),
            body=Cid(keccak(text=f"body {round}"), RAW), model=state.model, rewards_root=ZERO32, rewards_total=0,
            weights=(), proposer=self.miners[0], proof=nonce.to_bytes(32, "big"),
        )  # fmt: skip

    def _block(self, sent: Sequence[tuple[Address, act.Action]]) -> None:
        """Mine one block of these transactions; fails where the contracts refuse one."""
        calls = [(sender, self.gateways.call(action)) for sender, action in sent]
        hashes = self._all([("eth_sendTransaction", (_request(sender, call),)) for sender, call in calls])
        self.time += BLOCK_SECONDS
        self.rpc.call("evm_setNextBlockTimestamp", self.time)
        self.rpc.call("evm_mine")
        receipts = {r["transactionHash"]: r for r in self.rpc.call("eth_getBlockReceipts", "latest")}
        refused = [h for h in hashes if receipts.get(h, {}).get("status") != "0x1"]
        if refused:
            raise SystemExit(
                f"the contracts refused {len(refused)} of {type(sent[0][1]).__name__}: {refused[0]}"
            )

    def _all(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers = self.rpc.batch(requests)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers


def _request(sender: Address, call: Call) -> dict[str, str]:
    return {"from": sender, "to": call.to, "data": "0x" + call.data.hex(), "gas": _GAS}


def _address(number: int) -> Address:
    """Return an account that the chain lets send, though nobody has its key."""
    return checksummed(f"0x{number:040x}")
