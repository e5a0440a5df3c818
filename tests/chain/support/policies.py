"""A federation that asks a policy who may join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brownie import MockBlocks, MockStakes
from minerva.protocol.allow_list import Role

MINER, DEVICE = Role.MINER, Role.DEVICE


@dataclass
class Door:
    """A policy, and one federation that asks it."""

    policy: Any
    federation: Any
    stakes: Any
    requester: Any

    @classmethod
    def create(cls, policy: Any, requester: Any, *, staked: bool = True) -> Door:
        """A federation of ``requester`` that asks ``policy``, which knows nothing of it yet."""
        mine = {"from": requester}
        federation, stakes = MockBlocks.deploy(mine), MockStakes.deploy(mine)
        if staked:
            federation.setStakeVault(stakes, mine)
        return cls(policy, federation, stakes, requester)

    def configure(self, parameters: bytes) -> Any:
        """The federation is created with these parameters."""
        data = self.policy.configure.encode_input(parameters)
        return self.federation.forward(self.policy, data, {"from": self.requester})

    def check(self, account: Any, role: Role, evidence: bytes = b"") -> None:
        """The federation asks."""
        data = self.policy.check.encode_input(account, role, evidence)
        self.federation.forward(self.policy, data, {"from": self.requester})

    def stake(self, account: Any, amount: int) -> None:
        """The account has staked this much with the federation."""
        self.stakes.setStake(account, amount, {"from": self.requester})
