"""What members stake, and what for (contracts/interfaces/Types.sol; docs/SPECIFICATION.md, S)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from minerva.protocol.records import Address

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
    """What a federation wants staked; bounds in S1. Field order is that of the Solidity struct `StakeTerms`."""

    token: Address
    minimum: int
    unit: int
    evidence_seconds: int
    rejected_bps: int
    equivocation_bps: int
    absence_bps: int
    absences: int
    reporter_bps: int

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
