"""A federation with as many miners and devices as one likes, and what each of their transactions costs."""

from __future__ import annotations

from eth_utils import keccak

from brownie import Contract, Miner
from support import bulk
from support.scene import ROOT, Account, Deployed, Scene, plain

OWNERS, DEVICES = 0x6400_0001, 0xD000_0001


class Crowd:
    """Miners with their devices in equal shares.

    Every method returns the gas of its transactions, in order.
    """

    def __init__(self, deployed: Deployed, requester: Account, miners: int, devices: int) -> None:
        self.scene = Scene.create(
            deployed, requester, min_miners=1, max_miners=64, min_devices=devices, max_devices=devices,
            max_joins=devices, min_updates=devices,
        )  # fmt: skip
        self.federation = self.scene.federation
        self.owners = [bulk.address(OWNERS + i) for i in range(miners)]
        self.devices = [bulk.address(DEVICES + i) for i in range(devices)]
        join = deployed.factory.createMiner.encode_input(self.federation, "https://miner.example:8443", b"")
        bulk.gas_used([bulk.send(deployed.factory, join, owner) for owner in self.owners])
        addresses = [self.federation.member(i)[1] for i in range(miners)]
        self.miners = [Contract.from_abi("Miner", a, Miner.abi, persist=False) for a in addresses]
        self.scene.miners, self.scene.owners = self.miners, self.owners
        register = self.miners[0].registerDevice.encode_input(ROOT, 1000, 5_000, b"")
        self.register = bulk.gas_used(
            [bulk.send(self.miners[i % miners], register, device) for i, device in enumerate(self.devices)]
        )

    def tick(self) -> int:
        """Somebody ticks."""
        return self._one(self.federation.tick.encode_input(), self.owners[0])

    def submit(self) -> list[int]:
        """All devices submit."""
        round, hashes = self.scene.round, []
        for i, device in enumerate(self.devices):
            digest = keccak(round.to_bytes(4, "big") + i.to_bytes(4, "big"))
            claim = (round, digest, 0x55, 60_000, 5, 123_456_789, 2_302_585, 1_234_567 + i)
            miner = self.miners[i % len(self.miners)]
            hashes.append(bulk.send(miner, miner.submitUpdate.encode_input(claim), device))
        return bulk.gas_used(hashes)

    def vote(self) -> list[int]:
        """All miners vote; the first one closes Training, if that is due."""
        verdicts = bytes([0xFF]) * len(self.devices)
        data = self.federation.vote.encode_input(self.scene.round, self.scene.updates_root(), verdicts)
        return [self._one(data, owner) for owner in self.owners]

    def propose(self) -> int:
        """The first miner proposes."""
        return self._one(self.federation.propose.encode_input(plain(self.scene.header())), self.owners[0])

    def attest(self) -> list[int]:
        """As many others as it takes approve."""
        data = self.federation.attest.encode_input(self.scene.round, self.scene.state.candidate, True)
        return [self._one(data, owner) for owner in self.owners[1 : len(self.owners) // 2 + 1]]

    def _one(self, data: str, sender: str) -> int:
        return bulk.gas_used([bulk.send(self.federation, data, sender)])[0]
