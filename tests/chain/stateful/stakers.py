"""What those who stake would do: put money in, take it out, and burn what was slashed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from minerva.protocol import stake_actions as bond
from minerva.protocol.actions import Action
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.reward_actions import Approve

Choice = tuple[float, Callable[[], tuple[Action, Address]]]


class Stakers:
    """The owners of miners, before a federation with a vault."""

    def __init__(
        self, random: Random, world: World, federation: Address, owners: Sequence[Address], now: int
    ) -> None:
        self._random, self._world, self._owners, self._now = random, world, owners, now
        self._federation, found = federation, world.stakes(federation)
        assert found is not None
        self._vault = found

    def choices(self, dormant: Sequence[Address]) -> list[Choice]:
        """What is sensible now; ``dormant`` owners may have to top up."""
        vault, random = self._vault, self._random
        poor = [owner for owner in dormant if not vault.is_sufficient(owner)]
        waiting = [owner for owner in self._owners if vault.unbonding_of(owner)[0]]
        released = [owner for owner in waiting if vault.unbonding_of(owner)[1] <= self._now]
        choices: list[Choice] = [
            (0.5, lambda: self.deposit(random.choice(self._owners))),
            (0.4, self._unbond),
            (3 if released else 0.1, lambda: self._withdraw(random.choice(released or self._owners))),
            (8 if vault.slashed else 0.05, lambda: (self._burn(), random.choice(self._owners))),
        ]
        if poor:
            choices.append((2, lambda: self.deposit(random.choice(poor))))
        return choices

    def deposit(self, account: Address) -> tuple[Action, Address]:
        """Somebody, mostly the account itself, stakes for it; what is to be allowed before comes before."""
        random, vault = self._random, self._vault
        sender = account if random.random() < 0.8 else random.choice(self._owners)
        amount = random.choice((1000, 1000, random.randint(1, 1500)))
        ether = vault.terms.token == ZERO_ADDRESS
        if not ether:
            allowed = self._world.money.allowance(vault.terms.token, sender, vault.address)
            if allowed < amount and random.random() < 0.9:
                most = random.choice((amount, amount, (1 << 256) - 1))
                return Approve(self._federation, vault.terms.token, vault.address, most, self._now), sender
        value = amount if ether else 0
        return bond.Deposit(self._federation, vault.address, account, amount, value, self._now), sender

    def _unbond(self) -> tuple[Action, Address]:
        staked = [owner for owner in self._owners if self._vault.stake_of(owner)]
        owner = self._random.choice(staked or self._owners)
        amount = self._random.randint(1, max(1, self._vault.stake_of(owner)))
        return bond.Unbond(self._federation, self._vault.address, amount, self._now), owner

    def _withdraw(self, owner: Address) -> tuple[Action, Address]:
        to = owner if self._random.random() < 0.7 else self._random.choice(self._owners)
        return bond.Withdraw(self._federation, self._vault.address, to, self._now), owner

    def _burn(self) -> Action:
        return bond.Burn(self._federation, self._vault.address, self._now)
