"""The bounds of what a federation may want staked (docs/SPECIFICATION.md, S1)."""

from __future__ import annotations

from minerva.protocol.machine.checks import require
from minerva.protocol.machine.configuration import DAY
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.stake import MAX_WEIGHT, SHARES, StakeTerms
from minerva.protocol.state import FederationConfig


def check_terms(terms: StakeTerms, *, token_has_code: bool) -> None:
    """Refuse the first term out of bounds with `StakeVaultInvalidTerms`."""
    sound = terms.token == ZERO_ADDRESS or token_has_code
    require(sound, "StakeVaultInvalidTerms", 0, int(terms.token, 16))
    require(terms.unit > 0, "StakeVaultInvalidTerms", 2, 0)
    bounds = (
        (2, terms.minimum // terms.unit, 0, MAX_WEIGHT),
        (3, terms.evidence_seconds, 1, 90 * DAY),
        (4, terms.rejected_bps, 0, 5_000),
        (5, terms.equivocation_bps, 0, SHARES),
        (6, terms.absence_bps, 0, 1_000),
        (7, terms.absences, 0, 100),
        (8, terms.reporter_bps, 0, 5_000),
    )
    for number, value, low, high in bounds:
        require(low <= value <= high, "StakeVaultInvalidTerms", number, value)


def longest_round(config: FederationConfig) -> int:
    """Return how long a round can last at most, in seconds (S5)."""
    phases = config.training_seconds + config.verification_seconds + config.mining_seconds
    candidates = config.max_candidates * (config.mining_seconds + config.attestation_seconds)
    return (config.max_extensions + 1) * phases + candidates + config.max_pause_seconds
