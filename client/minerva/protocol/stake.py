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
