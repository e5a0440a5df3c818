"""The chain's clock as far as its blocks tell, so that nobody asks a node for the time."""

from __future__ import annotations

import time


class ChainClock:
    """Estimates the chain's time from block timestamps.

    A timestamp is whole seconds, so one block tells the time up to a second too early; the largest
    difference to the local clock that any block showed comes within milliseconds. Used to decide when to
    *ask* whether something is due, never whether it is.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def observe(self, timestamp: int) -> None:
        """Take a timestamp (seconds) that the chain has reached now."""
        ahead = timestamp - time.monotonic()
        self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)

    def reset(self, timestamp: int) -> None:
        """Forget what was observed: the chain's clock may have gone back."""
        self._ahead = timestamp - time.monotonic()

    def now(self) -> float:
        """Seconds of the chain."""
        return time.monotonic() + (self._ahead or 0.0)
