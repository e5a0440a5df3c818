"""What an actor may do with a federation's money: as in `minerva.protocol.actions`, one value for each call."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.header import Header
from minerva.protocol.records import ZERO_ADDRESS, Address


@dataclass(frozen=True, slots=True)
class Fund:
    """The sender puts ``amount`` into the escrow ``vault``, in the token of its terms.

    ``at``, how many of the sender's transactions are mined, is for the intent only: the same sum may be paid in
    again, but not while it is under way.
    """

    federation: Address
    vault: Address
    amount: int
    token: Address = ZERO_ADDRESS
    at: int = 0

    @property
    def value(self) -> int:
        """Wei that go along."""
        return self.amount if self.token == ZERO_ADDRESS else 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/fund/{self.at}/{self.amount}"


@dataclass(frozen=True, slots=True)
class Approve:
    """The sender lets ``spender`` take ``amount`` of its tokens. ``at`` is for the intent only, as in `Fund`."""

    federation: Address
    token: Address
    spender: Address
    amount: int
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/approve/{self.spender}/{self.at}/{self.amount}"


@dataclass(frozen=True, slots=True)
class Claim:
    """Pay ``account`` what the table of the block of ``header`` and its attestations entitle it to."""

    federation: Address
    vault: Address
    header: Header
    account: Address
    cumulative: int
    proof: tuple[bytes, ...]

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.header.round}/claim/{self.account}/{self.cumulative}"


@dataclass(frozen=True, slots=True)
class ClaimTo:
    """The same, to a recipient that ``account`` signed for; the sender may be anybody."""

    federation: Address
    vault: Address
    header: Header
    account: Address
    cumulative: int
    proof: tuple[bytes, ...]
    to: Address
    signature: bytes

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/{self.header.round}/claim/{self.account}/{self.cumulative}/{self.to}"


@dataclass(frozen=True, slots=True)
class ClaimAttestations:
    """Pay ``account`` for the blocks that it attested alone. ``at`` (seconds) is for the intent only."""

    federation: Address
    vault: Address
    account: Address
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/claim-attestations/{self.account}/{self.at}"


@dataclass(frozen=True, slots=True)
class Reclaim:
    """Return to the requester what nobody can earn any more. ``at`` (seconds) is for the intent only."""

    federation: Address
    vault: Address
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/reclaim/{self.at}"


OfVault = Fund | Claim | ClaimTo | ClaimAttestations | Reclaim
"""What is done at the escrow itself."""
RewardAction = OfVault | Approve
