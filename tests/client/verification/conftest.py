"""Fixtures of the verification tests; as a conftest it also makes this folder's helpers importable."""

from __future__ import annotations

import pytest
from small_federation import SmallFederation


@pytest.fixture
def federation() -> SmallFederation:
    """One miner, three devices, round 1 open."""
    return SmallFederation()


@pytest.fixture
def played(federation: SmallFederation) -> SmallFederation:
    """A block of three accepted updates, then one in which the second is refused as a copy."""
    federation.finish()
    federation.submit(0)
    federation.submit(1, federation.content(1, 201))
    federation.close_training()
    federation.vote()
    federation.propose()
    return federation
