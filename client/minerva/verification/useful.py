"""Rule 6: what the updates of a round do to the loss on a miner's own data (docs/SPECIFICATION.md, V13)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minerva.protocol.ballots import ACCEPT, ACCEPT_FROM
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.verification.bands import LEAST_UPDATES, lower_median

_PERMILLE = 1000
BEST = 190
"""The highest quality that a measurement gives; 191 stands for none."""


def judge_losses(base: float, losses: Sequence[float], rules: RuleParameters) -> list[int]:
    """Give each update that passes all other rules its verdict byte.

    Parameters
    ----------
    base
        Loss of the round's global model; where it is not finite the others' middle alone counts.
    losses
        Losses of the local models.
    rules
        ``useful_permille``: how many spreads of the round's losses one may lie above their median, or above
        the global model's loss where that is higher. A loss that is not finite is infinitely high.

    Returns
    -------
    list of int
        HARMFUL, or an acceptance whose quality falls from 190 for the lowest loss to 0 at the limit.
    """
    if len(losses) < LEAST_UPDATES:
        return [ACCEPT] * len(losses)
    losses = [loss if math.isfinite(loss) else math.inf for loss in losses]
    middle, lowest = lower_median(losses), min(losses)
    if not math.isfinite(middle):
        return [ACCEPT] * len(losses)
    spread = lower_median([abs(loss - middle) for loss in losses])
    limit = max(base if math.isfinite(base) else middle, middle) + spread * rules.useful_permille / _PERMILLE
    return [_verdict(loss, lowest, limit) for loss in losses]


def _verdict(loss: float, lowest: float, limit: float) -> int:
    if loss > limit:
        return Reason.HARMFUL
    if limit <= lowest:
        return ACCEPT_FROM + BEST
    return ACCEPT_FROM + math.floor(BEST * (limit - loss) / (limit - lowest))
