"""Who governs a federation, and by which list it takes members (docs/SPECIFICATION.md, A): roles, actions, events."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from minerva.protocol.records import ZERO32, Address

ADMIN, PAUSER, GOVERNOR = ZERO32, keccak(text="PAUSER"), keccak(text="GOVERNOR")
"""A2: who grants and revokes; who pauses; who closes, expels and changes the consensus module."""
ROLES = {"admin": ADMIN, "pauser": PAUSER, "governor": GOVERNOR}


@dataclass(frozen=True, slots=True)
class GrantRole:
    """An admin gives ``account`` a role. ``at`` (seconds) is for the intent only."""

    federation: Address
    role: bytes
    account: Address
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/grant/{self.at}/{self.role.hex()}/{self.account}"


@dataclass(frozen=True, slots=True)
class RevokeRole:
    """An admin takes a role from ``account``. ``at`` (seconds) is for the intent only."""

    federation: Address
    role: bytes
    account: Address
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/revoke/{self.at}/{self.role.hex()}/{self.account}"


@dataclass(frozen=True, slots=True)
class SetAllowList:
    """The requester replaces the list that ``policy`` keeps the root of. ``at`` (seconds) is for the intent only."""

    federation: Address
    policy: Address
    root: bytes
    at: int = 0

    @property
    def intent(self) -> str:
        """Name of what is meant."""
        return f"{self.federation}/allow-list/{self.at}/{self.root.hex()}"


@dataclass(frozen=True, slots=True)
class RoleGranted:
    """An account has a role from now on."""

    role: bytes
    account: Address
    sender: Address


@dataclass(frozen=True, slots=True)
class RoleRevoked:
    """An account has a role no more."""

    role: bytes
    account: Address
    sender: Address


@dataclass(frozen=True, slots=True)
class AllowListChanged:
    """Emitted by a policy: another list decides who may join."""

    federation: Address
    root: bytes
