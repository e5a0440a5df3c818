"""An escrow in words and as JSON: sums are in the token's least unit, as digits."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from minerva.amounts import show_amount

if TYPE_CHECKING:
    from minerva.protocol.escrow import Escrow

_SUMS = ("required", "funded", "granted", "held", "attestation_reward")


def escrow_document(escrow: Escrow | None) -> dict[str, Any] | None:
    """Return what lies there as JSON."""
    if escrow is None:
        return None
    terms = {**asdict(escrow.terms), "per_round": str(escrow.terms.per_round)}
    sums = {_camel(name): str(getattr(escrow, name)) for name in _SUMS}
    return {
        "vault": escrow.vault, **sums, "closesAt": escrow.closes_at,
        "terms": {_camel(name): value for name, value in terms.items()},
    }  # fmt: skip


def escrow_words(escrow: Escrow) -> str:
    """Return what lies there in one line."""
    token = escrow.terms.token
    paid = f"{show_amount(escrow.funded, token)} of {show_amount(escrow.required, token)} paid in"
    return f"{paid}, {show_amount(escrow.held, token)} there now, in {escrow.vault}"


def unfunded(escrow: Escrow | None) -> str | None:
    """Return what is missing before round 1 may open; None when nothing is."""
    if escrow is None or escrow.closes_at or escrow.funded >= escrow.required:
        return None
    lacking = show_amount(escrow.required - escrow.funded, escrow.terms.token)
    return f"its escrow, which lacks {lacking}: minerva federation fund"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
