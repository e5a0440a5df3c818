"""What anybody does with a federation's `StakeVault`: one value per call, like the others of `actions`."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.evidence import Evidence
from minerva.protocol.records import Address


@dataclass(frozen=True, slots=True)
class Deposit:
    """The sender stakes ``amount`` for ``account`` in the federation's ``vault``.

    ``value`` is the ether sent along: the amount, or 0 where tokens are staked. ``at``, how many of the sender's
    transactions are mined, is for the intent only: the same sum may be staked again, but not while it is under way.
    """

    federation: Address
    vault: Address
    account: Address
    amount: int
    value: int
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.vault}/deposit/{self.account}/{self.amount}/{self.at}"


@dataclass(frozen=True, slots=True)
class Unbond:
    """The sender begins to take ``amount`` of its stake out. ``at`` is for the intent only, as in `Deposit`."""

    federation: Address
    vault: Address
    amount: int
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.vault}/unbond/{self.amount}/{self.at}"


@dataclass(frozen=True, slots=True)
class Withdraw:
    """What is released of the sender's stake, and its bounties, go ``to``. ``at`` is for the intent only."""

    federation: Address
    vault: Address
    to: Address
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.vault}/withdraw/{self.to}/{self.at}"


@dataclass(frozen=True, slots=True)
class Burn:
    """Anybody sends slashed stake where nobody has it. ``at`` (seconds) is for the intent only."""

    federation: Address
    vault: Address
    at: int

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.vault}/burn/{self.at}"


@dataclass(frozen=True, slots=True)
class Report:
    """The sender presents what an account signed to the federation's ``vault``; each round is punished once."""

    federation: Address
    vault: Address
    evidence: Evidence

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.vault}/{self.evidence.round}/report/{self.evidence.account}"


StakeAction = Deposit | Unbond | Withdraw | Burn | Report
"""What anybody does with a federation's `StakeVault`."""
