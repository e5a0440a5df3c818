"""Fixtures of all client tests; as a conftest it also makes this folder's helpers importable."""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Let a test draw the same random numbers whenever it runs, alone or after others."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - libraries that draw from it
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
