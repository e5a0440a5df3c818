"""How many malicious updates a part of a rule stands, and how many updates it needs for that."""

from __future__ import annotations

from minerva.errors import UserError
from minerva.learning.aggregation.names import Part

_EXTRA = {"krum": 3, "multi_krum": 3}  # Krum needs n >= 2f + 3, what else has an f needs n >= 2f + 1
_BUCKETS = 3  # the fewest of which one that is bad can be outvoted


def tolerated(part: Part, n: int, updates: int) -> int:
    """Return the f that a part works with among ``n`` rows, made of ``updates`` updates.

    It is the one that the rule names, else three tenths of the updates, rounded up: in front of the part buckets
    may have made fewer rows of these, and each malicious update can spoil a row of its own. But it is at most the
    highest for which the part's inequality holds, n ≥ 2f + 1 or Krum's n ≥ 2f + 3, and at least 0. So a round with
    few updates is aggregated with the best defence that these allow.
    """
    wanted = -(-3 * updates // 10) if part.f is None else part.f
    return max(0, min(wanted, (n - _EXTRA.get(part.name, 1)) // 2))


def check_buckets(part: Part, n: int, what: str) -> int:
    """Return how many buckets ``n`` updates fill; raises `UserError` where they are too few to tell which is bad."""
    count = -(-n // part["s"])
    if count < _BUCKETS:
        raise UserError(
            f"the rule {part.text} needs ceil(n / s) >= {_BUCKETS} buckets of n {what}",
            value=f"ceil({n} / {part['s']}) = {count} < {_BUCKETS}",
            remedy="Lower s, or require more devices (minDevices).",
        )
    return count


def check(part: Part, n: int, what: str) -> None:
    """Raise `UserError`, with the inequality, when ``n`` updates never suffice; ``what`` counts them in words."""
    extra = _EXTRA.get(part.name, 1)
    needed = 2 * (part.f or 0) + extra
    if "f" in part.given and n < needed:
        raise UserError(
            f"the rule {part.text} needs n >= 2f + {extra} {what}",
            value=f"n = {n} < {needed} = 2 * {part.f} + {extra}",
            remedy="Lower f, or require more devices (minDevices).",
        )
    if part.name in _EXTRA and n < extra:
        raise UserError(
            f"the rule {part.text} needs n >= 2f + {extra} {what}",
            value=f"n = {n} < {extra} even for f = 0",
            remedy="Choose another rule, or require more devices (minDevices).",
        )
