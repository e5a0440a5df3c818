"""What members stake, and what for (contracts/interfaces/Types.sol; docs/SPECIFICATION.md, S)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from minerva.protocol.records import ZERO_ADDRESS, Address

MAX_WEIGHT = 0xFFFF
"""The most that a stake weighs, however large."""
SHARES = 10_000
"""A share is given in parts of this."""
BURNED_TO: Address = "0x000000000000000000000000000000000000dEaD"


class Offence(IntEnum):
    """What a miner is slashed for."""

    REJECTED_CANDIDATE = 0
    EQUIVOCATION = 1
    ABSENCE = 2


@dataclass(frozen=True, slots=True)
class StakeTerms:
    """What a federation wants staked; bounds in S1. As it stands: nothing.

    Field order is that of the Solidity struct `StakeTerms`; amounts are in the token's least unit, shares in
    1/10,000.
    """

    token: Address = ZERO_ADDRESS
    minimum: int = 0
    unit: int = 0
    evidence_seconds: int = 0
    rejected_bps: int = 0
    equivocation_bps: int = 0
    absence_bps: int = 0
    absences: int = 0
    reporter_bps: int = 0

    def share_of(self, offence: Offence) -> int:
        """Return what of the stake is taken for an offence, in 1/10,000."""
        shares = {
            Offence.REJECTED_CANDIDATE: self.rejected_bps,
            Offence.EQUIVOCATION: self.equivocation_bps,
            Offence.ABSENCE: self.absence_bps,
        }
        return shares[offence]


def weight_of(stake: int, unit: int) -> int:
    """S2: what a stake weighs where weight is stake."""
    return min(max(1, stake // unit), MAX_WEIGHT)


@dataclass(frozen=True, slots=True)
class Stake:
    """What one account has staked, in the least unit of the terms' token.

    ``bonded`` counts; ``unbonding`` leaves at ``release_at`` (seconds) at the earliest; ``bounty`` is owed for reports of
    offences, and ``absences`` are those since the last one punished.
    """

    bonded: int = 0
    unbonding: int = 0
    release_at: int = 0
    bounty: int = 0
    absences: int = 0


@dataclass(frozen=True, slots=True)
class Stakes:
    """A federation's vault of stakes at one moment (docs/SPECIFICATION.md, section S).

    ``unbonding_seconds`` is how long stake takes to leave, ``slashed`` what waits to be burned, ``held`` all that lies
    there.
    """

    vault: Address
    terms: StakeTerms
    unbonding_seconds: int
    slashed: int
    held: int
