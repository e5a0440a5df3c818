"""Fixtures of the protocol's tests."""

from __future__ import annotations

import pytest
from federation_driver import address
from machine_stage import Alone, Stage

from minerva.protocol.machine import World


@pytest.fixture
def stage() -> Stage:
    """A stage on the executable specification. tests/chain/stateful has one on the contracts as well."""
    policies = {"allow-list": address(0xA11)}
    return Stage(Alone(World(31337, address(0xFAC), address(0x90), policies=policies)))
