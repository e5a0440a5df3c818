"""What all accounts have of ether and of tokens, as far as the contracts move it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from minerva.errors import WrongChain
from minerva.protocol.machine.checks import require
from minerva.protocol.records import ZERO_ADDRESS, Address

Balances = dict[Address, int]
UNLIMITED = (1 << 256) - 1
"""An allowance that is never used up."""


@dataclass(slots=True)
class _Token:
    balances: Balances
    allowances: dict[tuple[Address, Address], int] = field(default_factory=dict)


class Money:
    """Ether, and tokens as OpenZeppelin's `ERC20` keeps them.

    Parameters
    ----------
    tokens
        The tokens that there are, and what accounts have of them to begin with.
    """

    def __init__(self, tokens: Mapping[Address, Mapping[Address, int]] | None = None) -> None:
        self._ether: Balances = {}
        self._tokens = {address: _Token(dict(had)) for address, had in (tokens or {}).items()}

    def knows(self, token: Address) -> bool:
        """Whether there is such a token."""
        return token in self._tokens

    def balances(self, token: Address) -> Balances:
        """Return what each account has of a token.

        Of ether (the zero address) it is what the contracts gave it, less what it gave them.
        """
        return self._ether if token == ZERO_ADDRESS else self._token(token).balances

    def approve(self, token: Address, owner: Address, spender: Address, amount: int) -> None:
        """Let ``spender`` take ``amount`` of the owner's, in place of what it might take before."""
        self._token(token).allowances[owner, spender] = amount

    def allowance(self, token: Address, owner: Address, spender: Address) -> int:
        """Return what ``spender`` may take still."""
        return self._token(token).allowances.get((owner, spender), 0)

    def spend(self, token: Address, owner: Address, spender: Address, amount: int) -> None:
        """Use an allowance up."""
        allowed = self.allowance(token, owner, spender)
        if allowed == UNLIMITED:
            return
        require(allowed >= amount, "ERC20InsufficientAllowance", spender, allowed, amount)
        self.approve(token, owner, spender, allowed - amount)

    def save(self) -> tuple[Balances, dict[Address, _Token]]:
        """Return what `restore` needs to undo what comes after."""
        return dict(self._ether), deepcopy(self._tokens)

    def restore(self, saved: tuple[Balances, dict[Address, _Token]]) -> None:
        """Undo all since `save`; the balances that were given out stay the same objects."""
        ether, tokens = saved
        _refill(self._ether, ether)
        for address, token in self._tokens.items():
            _refill(token.balances, tokens[address].balances)
            token.allowances = tokens[address].allowances

    def _token(self, address: Address) -> _Token:
        if address not in self._tokens:
            raise WrongChain("there is no token at this address", value=address)
        return self._tokens[address]


def _refill(balances: Balances, saved: Balances) -> None:
    balances.clear()
    balances.update(saved)
