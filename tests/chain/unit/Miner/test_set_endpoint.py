"""`setEndpoint`: given a miner, when its owner moves its API, devices find it there."""

from __future__ import annotations

import pytest
from support.errors import reverts
from support.scene import names


@pytest.mark.parametrize("endpoint", ["https://example.org:8443/miner", "", "x" * 256])
def test_moves(waiting, endpoint):
    transaction = waiting.miners[0].setEndpoint(endpoint, {"from": waiting.owners[0]})
    assert names(transaction) == ["EndpointChanged"]
    assert transaction.events["EndpointChanged"]["endpoint"] == endpoint
    assert waiting.miners[0].endpoint() == endpoint


def test_reverts_when_not_the_owner(waiting):
    with reverts("MinerOnlyOwner", waiting.owners[1], waiting.owners[0]):
        waiting.miners[0].setEndpoint("", {"from": waiting.owners[1]})


def test_reverts_when_too_long(waiting):
    with reverts("MinerEndpointTooLong", 257):
        waiting.miners[0].setEndpoint("x" * 257, {"from": waiting.owners[0]})
