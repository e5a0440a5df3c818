"""`propose`: given whose turn it is, a header has no weights."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.modules import refuses


@pytest.mark.parametrize("weights", [(0,), (1,), (1, 2, 3, 4, 5)])
def test_reverts_when_a_header_has_weights(kit, weights):
    """K7."""
    seat = kit.opened("pos", 0b111)
    claim = astuple(seat.claim(seat.order()[0]))
    seat.call("propose", claim, b"", ())
    with refuses("ConsensusInvalidWeights", weights):
        seat.call("propose", claim, b"", weights)
