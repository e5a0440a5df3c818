"""A federation with as many miners and devices as one likes, and what each of their transactions costs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from brownie import Contract, Miner, RewardVault, StakeVault
from minerva.protocol.lanes import Lanes, pack
from minerva.protocol.records import ZERO_ADDRESS, indices
from minerva.protocol.rewards import CumulativeTable
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_REWARDS, NO_STAKE, RewardTerms
from minerva.protocol.weights import FIRST_RANK, ReputationTerms
from support import bulk
from support.scene import ROOT, Account, Deployed, Scene, plain

A_BLOCK = 256
"""So many registrations find room in one."""
OWNERS, DEVICES, OTHERS = 0x6400_0001, 0xD000_0001, 0xACC0_0001
ETHER = 10**18
STAKE = StakeTerms(ZERO_ADDRESS, ETHER, ETHER // 100, 3600, 1000, 5000, 400, 3, 2500)
REWARDS = RewardTerms(ZERO_ADDRESS, ETHER, 5_000, 1_000, 2_000, 2_000, 30 * 86_400)
REPUTATION = ReputationTerms(start=100, cap=1000, decay_permille=900, presence=5, ballot=20, block=10)
CLAIM = ["uint32", "bytes32", "uint8", "uint32", "uint32", "uint64", "int64", "int64"]
SUBMIT = "0x" + keccak(text=f"submitUpdate(({','.join(CLAIM)}))")[:4].hex()


class Crowd:
    """Miners with their devices in equal shares.

    Every method returns the gas of its transactions, in order. All voters weigh the same, so that with four no two decide.

    Parameters
    ----------
    miners, devices
        How many; with the committee the last miner stands by.
    consensus
        A module other than the proof of work.
    staked, paid
        Whether there is a vault of stakes, and one of rewards.
    earners
        How many accounts the tables pay; all devices and owners, and as many others as it takes.
    """

    def __init__(
        self,
        deployed: Deployed,
        requester: Account,
        miners: int,
        devices: int,
        *,
        consensus: Any = None,
        staked: bool = False,
        paid: bool = False,
        earners: int = 0,
        **changes: Any,
    ) -> None:
        self.consensus = consensus
        self.name = str(consensus.name()) if consensus else "pow"
        self.size = miners - 1
        bounds = {
            "min_miners": 1, "max_miners": 64, "min_devices": devices, "max_devices": devices,
            "max_joins": devices, "min_updates": devices,
        }  # fmt: skip
        parameters = {"pos": b"", "por": REPUTATION.encode(), "committee": encode(["uint8"], [self.size])}
        if self.name in parameters:
            bounds["consensus_parameters"] = parameters[self.name]
        self.scene = Scene.create(
            deployed, requester, consensus=consensus, stake=STAKE if staked else NO_STAKE,
            rewards=REWARDS if paid else NO_REWARDS, **(bounds | changes),
        )  # fmt: skip
        self.creation = self.scene.creation
        self.federation = self.scene.federation
        self.owners = [bulk.address(OWNERS + i) for i in range(miners)]
        self.devices = [bulk.address(DEVICES + i) for i in range(devices)]
        known = [*self.owners, *self.devices]
        self.earners = [*known, *map(bulk.address, range(OTHERS, OTHERS + earners - len(known)))]
        self.table = CumulativeTable()
        self.credited: set[int] = set()
        if paid:
            address = self.federation.rewardVault()
            self.reward_vault = Contract.from_abi("RewardVault", address, RewardVault.abi, persist=False)
            escrow = self.reward_vault.required()
            self.funding = self.reward_vault.fund(escrow, {"from": requester, "value": escrow}).gas_used
        if staked:
            address = self.federation.stakeVault()
            vault = Contract.from_abi("StakeVault", address, StakeVault.abi, persist=False)
            for owner in self.owners:
                self.deposit = vault.deposit(owner, ETHER, {"from": requester, "value": ETHER}).gas_used
        self.paid = paid
        join = deployed.factory.createMiner.encode_input(self.federation, "https://miner.example:8443", b"")
        self.join = bulk.gas_used([bulk.send(deployed.factory, join, owner) for owner in self.owners])
        addresses = [self.federation.member(i)[1] for i in range(miners)]
        self.miners = [Contract.from_abi("Miner", a, Miner.abi, persist=False) for a in addresses]
        self.scene.miners, self.scene.owners = self.miners, self.owners
        register = self.miners[0].registerDevice.encode_input(ROOT, 1000, 5_000, b"")
        self.register = self._all_devices(register for _ in self.devices)

    def tick(self) -> int:
        """Somebody ticks."""
        return self._one(self.federation.tick.encode_input(), self.owners[0])

    def submit(self) -> list[int]:
        """All devices submit."""
        round = self.scene.round
        return self._all_devices(self._update(round, i) for i in range(len(self.devices)))

    def vote(self) -> list[int]:
        """All voters vote; the first one closes Training, if that is due."""
        verdicts = bytes([0xFF]) * len(self.devices)
        data = self.federation.vote.encode_input(self.scene.round, self.scene.updates_root(), verdicts)
        return [self._one(data, self.owners[i]) for i in self._voters()]

    def propose(self) -> int:
        """Whoever's turn it is proposes; the first miner, where that is open."""
        self.block = self._header(self._proposer())
        return self._one(self.federation.propose.encode_input(self.block), self.owners[self._proposer()])

    def attest(self) -> list[int]:
        """As many others as it takes approve: those who never did come first, so that in the third round all have."""
        proposer, round = self._proposer(), self.scene.round
        data = self.federation.attest.encode_input(round, self.scene.state.candidate, True)
        used = []
        self.credited.add(proposer)
        for i in sorted(self._voters(), key=lambda i: (i in self.credited, -i)):
            if i != proposer and self.scene.round == round:
                used.append(self._one(data, self.owners[i]))
                self.credited.add(i)
        return used

    def finish(self) -> None:
        """A round whose updates are in."""
        self.vote()
        self.propose()
        self.attest()

    def round(self) -> None:
        """A whole round."""
        self.submit()
        self.finish()

    def claim(self, account: str) -> int:
        """Pay what the last block's table says of the account."""
        entry = (self.block, account, self.table.earned[account], self.table.proof(account))
        data = self.reward_vault.claim.encode_input(*entry)
        return bulk.gas_used([bulk.send(self.reward_vault, data, account)])[0]

    def _header(self, proposer: int) -> tuple[Any, ...]:
        changes: dict[str, Any] = {}
        if self.paid:
            grants = {account: 10**15 + i for i, account in enumerate(self.earners)}
            self.table = self.table.add(grants)
            changes = {"rewards_root": self.table.root, "rewards_total": sum(grants.values())}
        if self.consensus:
            changes |= {"weights": self._weights(), "proof": b""}
        return plain(self.scene.header(proposer, **changes))

    def _weights(self) -> Lanes:
        round, miners = self.scene.round, range(len(self.owners))
        if self.name == "por":
            return pack({i: REPUTATION.start + 7 * round for i in miners})
        if self.name == "committee":
            # The last two take turns in standing by.
            return pack({i: 1 for i in miners} | {len(miners) - 1 - round % 2: FIRST_RANK})
        return ()

    def _proposer(self) -> int:
        if self.consensus is None:
            return 0
        return int(self.consensus.proposer(self.federation, 0, 2**64 - 1)[0])

    def _voters(self) -> list[int]:
        return list(indices(self.scene.state.voters))

    def _update(self, round: int, number: int) -> str:
        digest = keccak(round.to_bytes(4, "big") + number.to_bytes(4, "big"))
        claim = (round, digest, 0x55, 60_000, 5, 123_456_789, 2_302_585, 1_234_567 + number)
        return SUBMIT + encode(CLAIM, claim).hex()

    def _all_devices(self, data: Iterable[str]) -> list[int]:
        """Each device sends its own to its miner: the first of each miner alone, the others many in a block."""
        miners = [self.miners[i % len(self.miners)] for i in range(len(self.devices))]
        calls = list(zip(miners, data, self.devices, strict=True))
        gas = bulk.gas_used([bulk.send(*call) for call in calls[: len(self.miners)]])
        for start in range(len(self.miners), len(calls), A_BLOCK):
            gas += bulk.gas_in_last_block(bulk.send_in_one_block(calls[start : start + A_BLOCK]))
        return gas

    def _one(self, data: str, sender: str) -> int:
        return bulk.gas_used([bulk.send(self.federation, data, sender)])[0]
