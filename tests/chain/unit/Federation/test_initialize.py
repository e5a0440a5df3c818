"""`initialize`: given a clone or the implementation, when it is called again, it refuses."""

from __future__ import annotations

from support.errors import reverts
from support.scene import plain


def test_reverts_when_done(waiting, stranger):
    with reverts("InvalidInitialization"):
        waiting.federation.initialize(stranger, plain(waiting.config), {"from": stranger})


def test_reverts_when_it_is_the_implementation(waiting, deployed, stranger, Federation):
    implementation = Federation.at(deployed.factory.federationImplementation())
    with reverts("InvalidInitialization"):
        implementation.initialize(stranger, plain(waiting.config), {"from": stranger})
