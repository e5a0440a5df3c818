"""`initialize`: given a clone or the implementation, when it is called again, it refuses."""

from __future__ import annotations

from support.errors import reverts
from support.scene import at_federation, plain

NO_VAULTS = ["0x" + "0" * 40] * 2


def test_reverts_when_done(waiting, stranger):
    with reverts("InvalidInitialization"):
        waiting.federation.initialize(stranger, plain(waiting.config), *NO_VAULTS, {"from": stranger})


def test_reverts_when_it_is_the_implementation(waiting, deployed, stranger):
    implementation = at_federation(deployed.factory.federationImplementation())
    with reverts("InvalidInitialization"):
        implementation.initialize(stranger, plain(waiting.config), *NO_VAULTS, {"from": stranger})


def test_reverts_when_it_is_the_extension(waiting, stranger, FederationExtension):
    """On its own the extension does nothing."""
    with reverts("InvalidInitialization"):
        FederationExtension[0].initialize(stranger, plain(waiting.config), *NO_VAULTS, {"from": stranger})
