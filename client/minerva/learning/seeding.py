"""Explicit seeds: run something with every random number generator seeded, and put them back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's CPU, numpy's legacy and Python's generators for the length of a ``with``."""
    import random

    import numpy as np
    import torch

    python, legacy, cpu = random.getstate(), np.random.get_state(), torch.get_rng_state()
    # torch.manual_seed gives the CPU the same numbers, but formats a stack trace for CUDA each time: 1 ms
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        torch.set_rng_state(cpu)
