"""Fixtures of the verification tests; as a conftest it also makes this folder's helpers importable."""

from __future__ import annotations

import pytest
from small_federation import SmallFederation


@pytest.fixture
def federation() -> SmallFederation:
    """One miner, three devices, round 1 open."""
    return SmallFederation()
