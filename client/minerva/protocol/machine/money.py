"""What everybody has: ether beyond what they began with, and tokens as OpenZeppelin's ERC20 counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from minerva.protocol.events import Event
from minerva.protocol.machine.checks import require
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.reward_events import RewardsClaimed, RewardsFunded, RewardsReturned
from minerva.protocol.stake import BURNED_TO
from minerva.protocol.stake_events import StakeBurned, StakeDeposited, StakeWithdrawn

Tokens = Mapping[Address, Mapping[Address, int]]
"""The tokens that there are, and who had how much of them at the beginning."""
UNLIMITED = (1 << 256) - 1
"""An allowance that is not used up."""


class Money:
    """Balances and allowances; ether is the token at the zero address.

    Parameters
    ----------
    tokens
        Those that there are.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = frozenset(tokens)
        self._balances = Counter({(token, who): n for token, had in tokens.items() for who, n in had.items()})
        self._allowances: Counter[tuple[Address, Address, Address]] = Counter()

    def has(self, token: Address) -> bool:
        """Whether there is money of this kind."""
        return token == ZERO_ADDRESS or token in self._tokens

    def balance(self, account: Address, token: Address = ZERO_ADDRESS) -> int:
        """Return what an account has; of ether what it has more, or less, than at the beginning."""
        return self._balances[token, account]

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """Return how much ``spender`` may take of ``owner``."""
        return self._allowances[token, owner, spender]

    def approve(self, token: Address, owner: Address, spender: Address, amount: int) -> None:
        """Let ``spender`` take ``amount``."""
        self._allowances[token, owner, spender] = amount

    def require_payment(self, token: Address, owner: Address, spender: Address, amount: int) -> None:
        """Refuse what ``spender`` may not take, or ``owner`` does not have; whoever sends ether has it."""
        if token == ZERO_ADDRESS:
            return
        allowed, had = self.allowance(token, owner, spender), self.balance(owner, token)
        require(allowed >= amount, "ERC20InsufficientAllowance", spender, allowed, amount)
        require(had >= amount, "ERC20InsufficientBalance", owner, had, amount)

    def follow(self, vault: Address, token: Address, event: Event) -> None:
        """Move what a vault says that it took or gave."""
        for source, to, amount in _moves(vault, event):
            self._balances[token, source] -= amount
            self._balances[token, to] += amount
            key = (token, source, vault)
            if source != vault and 0 < self._allowances[key] < UNLIMITED:
                self._allowances[key] -= amount


def _moves(vault: Address, event: Event) -> Iterator[tuple[Address, Address, int]]:
    match event:
        case RewardsFunded(from_, amount):
            yield from_, vault, amount
        case RewardsClaimed(_, to, by_table, by_attestations):
            yield vault, to, by_table + by_attestations
        case RewardsReturned(to, amount) | StakeWithdrawn(_, to, amount):
            yield vault, to, amount
        case StakeDeposited(_, sender, amount):
            yield sender, vault, amount
        case StakeBurned(amount):
            yield vault, BURNED_TO, amount
