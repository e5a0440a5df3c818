"""What to do about faults that pass: tell of each once, and wait longer from try to try."""

from __future__ import annotations

import logging

from minerva.errors import MinervaError

log = logging.getLogger(__name__)


class Patience:
    """The pauses between tries.

    Parameters
    ----------
    first, most
        Seconds; each pause is twice the one before.

    Attributes
    ----------
    problem
        What fails now, in words; empty when nothing does.
    """

    def __init__(self, first: float, most: float) -> None:
        self._first, self._most, self._failures = first, most, 0
        self.problem = ""

    def failed(self, error: MinervaError) -> float:
        """Note a fault; return the seconds until the next try."""
        if str(error) != self.problem:
            log.warning("%s (trying again)", error)
        self.problem = str(error)
        pause = min(self._most, self._first * (1 << min(self._failures, 16)))
        self._failures += 1
        return pause

    def recovered(self) -> None:
        """Note that nothing fails any more."""
        if self.problem:
            log.info("going on")
        self._failures, self.problem = 0, ""
