"""The events of a federation's `StakeVault` as values, fields in the Solidity order."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.records import Address
from minerva.protocol.stake import Offence


@dataclass(frozen=True, slots=True)
class StakeDeposited:
    """``from_`` staked for an account, of whose stake ``bonded`` now counts."""

    account: Address
    from_: Address
    amount: int
    bonded: int


@dataclass(frozen=True, slots=True)
class StakeUnbonding:
    """All that unbonds of an account, ``unbonding``, leaves at ``release_at``, if it is not slashed before."""

    account: Address
    amount: int
    unbonding: int
    release_at: int


@dataclass(frozen=True, slots=True)
class StakeWithdrawn:
    """An account's money, stake or bounty, left."""

    account: Address
    to: Address
    amount: int


@dataclass(frozen=True, slots=True)
class StakeSlashed:
    """Stake was taken: ``bonded`` is left, ``reward`` of ``amount`` goes to ``reporter`` (zero for none)."""

    account: Address
    round: int
    offence: Offence
    amount: int
    bonded: int
    reporter: Address
    reward: int


@dataclass(frozen=True, slots=True)
class StakeAbsence:
    """An account was absent; ``absences`` times since it was last punished for it."""

    account: Address
    round: int
    absences: int


@dataclass(frozen=True, slots=True)
class StakeBurned:
    """Slashed stake left circulation."""

    amount: int


StakeEvent = StakeDeposited | StakeUnbonding | StakeWithdrawn | StakeSlashed | StakeAbsence | StakeBurned
