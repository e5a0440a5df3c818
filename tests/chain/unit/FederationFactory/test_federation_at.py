"""The registry: given federations, when one is looked up, it tells which is whose."""

from __future__ import annotations

from support.errors import reverts


def test_lists_in_order_of_creation(deployed, scenes):
    count = deployed.factory.federationCount()
    listed = [deployed.factory.federationAt(i) for i in range(count)]
    made = [scene.federation.address for scene in scenes.values()]
    assert [address for address in listed if address in made] == made


def test_reverts_when_out_of_range(deployed, scenes):
    count = deployed.factory.federationCount()
    with reverts("FactoryIndexOutOfRange", count, count):
        deployed.factory.federationAt(count)


def test_knows_no_strangers(deployed, stranger):
    assert not deployed.factory.isFederation(stranger)
    assert not deployed.factory.isFederation(deployed.factory.federationImplementation())


def test_tells_the_version(deployed):
    assert deployed.factory.version() == "1"
