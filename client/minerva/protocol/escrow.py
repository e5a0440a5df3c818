"""The money of a federation, as its escrow has it."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.protocol.records import Address
from minerva.protocol.state import RewardTerms


@dataclass(frozen=True, slots=True)
class Escrow:
    """A federation's vault of rewards at one moment (docs/SPECIFICATION.md, section Y).

    Sums are in the least unit of the terms' token. ``required`` is what all rounds may cost, ``funded`` what was
    paid in, ``granted`` what the tables of all blocks grant, ``held`` what lies there now; a miner earns
    ``attestation_reward`` by having attested a block. ``closes_at`` (seconds) is when claims end, 0 while the
    federation is not closed.
    """

    vault: Address
    terms: RewardTerms
    required: int
    funded: int
    granted: int
    held: int
    attestation_reward: int
    closes_at: int
