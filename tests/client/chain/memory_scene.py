"""A federation on the in-memory chain, driven by its actors."""

from __future__ import annotations

from federation_driver import Driver, make_config

from minerva.chain.memory import MemoryChain


def driver_of(chain: MemoryChain) -> Driver:
    return Driver(lambda action, sender: [log.event for log in chain.actor(sender).send(action).logs], chain)


def opened(chain: MemoryChain) -> Driver:
    """Round 1 is open for two miners with a device each."""
    driver = driver_of(chain)
    driver.found(make_config(chain.proof_of_work))
    driver.populate(miners=2)
    driver.tick()
    return driver
