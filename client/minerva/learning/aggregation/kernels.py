"""Loops compiled by numba without fast-math: the same bytes as their numpy twins, several times as fast.

Without fast-math LLVM neither re-orders additions nor fuses a product and a sum, so that each loop does the
float64 operations that its twin does, in the same order. Where little is to be done the twins do it, since
compiling takes seconds; compiled code is kept for later processes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

LEAST = 1 << 18
"""Numbers from which on compiled code pays."""
COMPILED = True
"""Whether to use compiled code at all; it changes no result."""

_lock = threading.Lock()
_ready: dict[Callable[..., None], Callable[..., None]] = {}


def pays(numbers: int) -> bool:
    """Whether to work on so many numbers by compiled code."""
    return COMPILED and numbers >= LEAST


def compiled(loop: Callable[..., None]) -> Callable[..., None]:
    """Return a loop of `loops`, compiled when it is called first; it runs without the GIL."""
    found = _ready.get(loop)
    if found is None:
        with _lock:
            found = _ready.get(loop) or _compile(loop)
            _ready[loop] = found
    return found


def fused(name: str) -> Callable[..., None]:
    """Return a function of `fused`, compiled; that module is imported when it is needed first."""
    from minerva.learning.aggregation import fused as functions  # takes as long as numba

    loop: Callable[..., None] = getattr(functions, name)
    return compiled(loop)


def _compile(loop: Callable[..., None]) -> Callable[..., None]:
    import numba  # takes a second, which small models need not wait for

    result: Callable[..., None]
    try:
        result = numba.njit(nogil=True, cache=True)(loop)
    except RuntimeError:  # no folder to keep it in
        result = numba.njit(nogil=True)(loop)
    return result
