"""Verdict bytes, and what all ballots of a round decide together (docs/SPECIFICATION.md, R4 and R5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ACCEPT_FROM = 64
ACCEPT = 255
"""An acceptance where usefulness is not judged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ballots decide of one update.

    Its ``quality`` (0 to 191) when accepted, else the ``reason`` code.
    """

    accepted: bool
    quality: int
    reason: int


def tally(
    ballots: Mapping[int, bytes],
    weights: Mapping[int, int],
    updates: int,
    *,
    own: Callable[[int, int], bool] = lambda index, position: False,
) -> list[Outcome]:
    """Decide each update by the ballots cast.

    Parameters
    ----------
    ballots
        Verdict bytes by miner index; each ``updates`` long.
    weights
        Weight by miner index.
    updates
        How many updates the round has.
    own
        Whether the update at a position is the own one of a miner, whose verdict on it then is not counted (K9).
    """
    outcomes = []
    for position in range(updates):
        judges = [i for i in sorted(ballots) if not own(i, position)]
        cast = [(ballots[i][position], weights[i]) for i in judges]
        total = sum(weight for _, weight in cast)
        accepting = sorted((v - ACCEPT_FROM, w) for v, w in cast if v >= ACCEPT_FROM)
        weight = sum(w for _, w in accepting)
        if 2 * weight > total:
            outcomes.append(Outcome(True, _weighted_lower_median(accepting, weight), 0))
            continue
        refusals: Counter[int] = Counter()
        for verdict, w in cast:
            if verdict < ACCEPT_FROM:
                refusals[verdict] += w
        reason = min(refusals, key=lambda code: (-refusals[code], code), default=0)
        outcomes.append(Outcome(False, 0, reason))
    return outcomes


def _weighted_lower_median(scores: Sequence[tuple[int, int]], total: int) -> int:
    seen = 0
    for score, weight in scores:
        seen += weight
        if 2 * seen >= total:
            return score
    raise ValueError("no scores")
