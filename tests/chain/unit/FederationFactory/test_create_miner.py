"""`createMiner`: given a federation, when anybody joins, it clones a miner's contract for the caller."""

from __future__ import annotations

from support.errors import reverts
from support.scene import names


def test_joins_with_the_caller_as_owner(make, deployed, stranger, requester):
    """M1 and E3."""
    scene = make(miners=2)
    transaction = deployed.factory.createMiner(
        scene.federation, "https://miner.example", b"", {"from": stranger}
    )
    assert names(transaction) == ["MinerJoined", "MinerCreated"]
    address = transaction.events["MinerCreated"]["miner"]
    assert transaction.return_value == address
    assert transaction.events["MinerJoined"] == {
        "index": 2,
        "owner": stranger,
        "miner": address,
        "endpoint": "https://miner.example",
    }
    assert tuple(scene.federation.member(2)) == (stranger, address)


def test_reverts_when_the_federation_is_not_the_factorys(deployed, stranger, waiting):
    implementation = deployed.factory.federationImplementation()
    with reverts("FactoryUnknownFederation", implementation.lower()):
        deployed.factory.createMiner(implementation, "", b"", {"from": stranger})


def test_reverts_when_the_endpoint_is_too_long(waiting, deployed, stranger):
    """E5: bytes count, not characters."""
    deployed.factory.createMiner(waiting.federation, "é" * 128, b"", {"from": stranger})
    with reverts("MinerEndpointTooLong", 257):
        deployed.factory.createMiner(waiting.federation, "é" * 128 + "x", b"", {"from": waiting.requester})
