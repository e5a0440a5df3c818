"""The events of `RewardVault` as values, fields in the Solidity order."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.records import Address


@dataclass(frozen=True, slots=True)
class RewardsFunded:
    """Money came in; ``funded`` in all."""

    from_: Address
    amount: int
    funded: int


@dataclass(frozen=True, slots=True)
class RewardsGranted:
    """A block granted ``amount`` to those in its table; all blocks together ``granted``."""

    round: int
    amount: int
    granted: int


@dataclass(frozen=True, slots=True)
class AttestationCredited:
    """A miner will be paid for having attested ``candidate``, should it be final."""

    account: Address
    round: int
    candidate: bytes


@dataclass(frozen=True, slots=True)
class RewardsClaimed:
    """An account was paid: for its entries in tables, and for its attestations."""

    account: Address
    to: Address
    by_table: int
    by_attestations: int


@dataclass(frozen=True, slots=True)
class RewardsClosing:
    """What is not claimed by ``until`` (seconds of the chain) returns to the requester."""

    until: int


@dataclass(frozen=True, slots=True)
class RewardsReturned:
    """What nobody earned, or claimed in time, returned."""

    to: Address
    amount: int


RewardEvent = (
    RewardsFunded | RewardsGranted | AttestationCredited | RewardsClaimed | RewardsClosing | RewardsReturned
)
"""What a vault of rewards emits; its federation is the one that it belongs to."""
